-- Add a session to those of its subject, unless it is there. KEYS: the subject's sessions.
-- ARGV: session id, time of its sign-in (s), retention (ms).
redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
