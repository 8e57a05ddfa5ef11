-- Add a session to those of its subject, and remove the ids of sessions that have expired. KEYS: the subject's sessions.
-- ARGV: session id, time of its sign-in (s), time of the sign-in of sessions that have expired (s), retention (ms).
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
