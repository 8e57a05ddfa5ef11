-- Return the fields of a session, its salt, its replaced secrets and the cut-off, all read at one moment.
-- KEYS: session, salt, replaced secrets, cut-off.
-- ARGV: "1" to write a recent change again. The caller can then ask the replicas whether they have it (WAIT).
local session = redis.call('HGETALL', KEYS[1])
local salt, replaced, cut_off = unpack(redis.call('MGET', KEYS[2], KEYS[3], KEYS[4]))
if ARGV[1] == '1' and #session > 0 then
    local revoked_at, created_at, generation =
        unpack(redis.call('HMGET', KEYS[1], 'revoked_at', 'created_at', 'generation'))
    if salt or replaced or revoked_at or is_cut_off(cut_off, created_at) then
        redis.call('HSET', KEYS[1], 'generation', generation)
    end
end
return {session, salt, replaced, cut_off}
