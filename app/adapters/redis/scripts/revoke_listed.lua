-- Revoke those sessions of a subject that are live. They are all in one shard.
-- Return for each session: its fields if this call revoked it, 0 if it is not live or not the subject's, and null if it
-- does not exist.
-- KEYS: revocations of the shard, cut-off, then session, salt and replaced secrets of each session.
-- ARGV: subject, reason, now (s), time before which revocations are deleted (s), retention (ms), channel, then the ids.
local subject, reason, now, retention = ARGV[1], ARGV[2], ARGV[3], ARGV[5]
local cut_off = redis.call('GET', KEYS[2])
local results, revoked = {}, false

local function revoke(session, salt, replaced, session_id)
    local owner, revoked_at, created_at, expires_at, idle_expires_at, generation = unpack(redis.call('HMGET', session,
        'subject', 'revoked_at', 'created_at', 'expires_at', 'idle_expires_at', 'generation'))
    if not owner then
        return false
    end
    if owner ~= subject or not is_live(tonumber(now), cut_off, revoked_at, created_at, expires_at, idle_expires_at) then
        -- Write it again. The caller can then ask the replicas whether they have what ended it (WAIT).
        redis.call('HSET', session, 'generation', generation)
        return 0
    end
    redis.call('HSET', session, 'revoked_at', now, 'revoked_because', reason)
    redis.call('PEXPIRE', session, retention)
    redis.call('DEL', salt, replaced)
    redis.call('ZADD', KEYS[1], now, session_id)
    revoked = true
    return redis.call('HGETALL', session)
end

for number = 1, #ARGV - 6 do
    results[number] = revoke(KEYS[3 * number], KEYS[3 * number + 1], KEYS[3 * number + 2], ARGV[6 + number])
end
if revoked then
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[4])
    redis.call('PEXPIRE', KEYS[1], retention)
    redis.call('PUBLISH', ARGV[6], ARGV[7])
end
return results
