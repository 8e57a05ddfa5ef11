-- Revoke a session. KEYS: session, salt, revocations of the shard.
-- ARGV: session id, reason, now (s), the time before which revocations are forgotten (s), retention (ms), channel.
-- Returns whether this call did, and the subject of the session that there is.
local revoked_at, subject = unpack(redis.call('HMGET', KEYS[1], 'revoked_at', 'subject'))
if not subject then
    return {0, false}
end
if revoked_at then
    -- Written again, so that the replicas can be asked whether they have it (WAIT).
    redis.call('ZADD', KEYS[3], revoked_at, ARGV[1])
    return {0, subject}
end
redis.call('HSET', KEYS[1], 'revoked_at', ARGV[3], 'revoked_because', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('DEL', KEYS[2])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
redis.call('PUBLISH', ARGV[6], ARGV[1])
return {1, subject}
