-- Note a subject's session, and forget those whose time is over. KEYS: the subject's sessions.
-- ARGV: session id, its sign-in (s), the sign-in of sessions that have expired (s), retention (ms).
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
