-- Return the fields of a session and its salt, both read at one moment. KEYS: session, salt.
-- ARGV: "1" to write a recent change again. The caller can then ask the replicas whether they have it (WAIT).
local session = redis.call('HGETALL', KEYS[1])
local salt = redis.call('GET', KEYS[2])
if ARGV[1] == '1' and (salt or redis.call('HEXISTS', KEYS[1], 'revoked_at') == 1) then
    redis.call('HSET', KEYS[1], 'generation', redis.call('HGET', KEYS[1], 'generation'))
end
return {session, salt}
