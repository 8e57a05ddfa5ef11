-- Revoke a session. Return 1 if this call revoked it, 0 if it was revoked before or does not exist.
-- KEYS: session, salt, revocations of the shard.
-- ARGV: session id, reason, now (s), time before which revocations are deleted (s), retention (ms), channel.
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
local revoked_at = redis.call('HGET', KEYS[1], 'revoked_at')
if revoked_at then
    -- Write it again. The caller can then ask the replicas whether they have it (WAIT).
    redis.call('ZADD', KEYS[3], revoked_at, ARGV[1])
    return 0
end
redis.call('HSET', KEYS[1], 'revoked_at', ARGV[3], 'revoked_because', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('DEL', KEYS[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[1])
return 1
