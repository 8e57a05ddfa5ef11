-- Revoke a session. Return 1 if this call revoked it, 0 if it had ended before or does not exist.
-- KEYS: session, salt, replaced secrets, cut-off, revocations of the shard.
-- ARGV: session id, reason, now (s), time before which revocations are deleted (s), retention (ms), channel.
local revoked_at, created_at = unpack(redis.call('HMGET', KEYS[1], 'revoked_at', 'created_at'))
if not created_at then
    return 0
end
local cut_off = redis.call('GET', KEYS[4])
if revoked_at then
    -- Write it again. The caller can then ask the replicas whether they have it (WAIT).
    redis.call('ZADD', KEYS[5], revoked_at, ARGV[1])
    return 0
end
if is_cut_off(cut_off, created_at) then
    redis.call('SET', KEYS[4], cut_off)
    return 0
end
redis.call('HSET', KEYS[1], 'revoked_at', ARGV[3], 'revoked_because', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', '(' .. ARGV[4])
redis.call('PEXPIRE', KEYS[5], ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[1])
return 1
