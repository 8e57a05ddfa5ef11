-- Read a session and its salt at one moment. KEYS: session, salt.
-- ARGV: "1" to write a change of late again, so that the replicas can be asked whether they have it (WAIT).
local session = redis.call('HGETALL', KEYS[1])
local salt = redis.call('GET', KEYS[2])
if ARGV[1] == '1' and (salt or redis.call('HEXISTS', KEYS[1], 'revoked_at') == 1) then
    redis.call('HSET', KEYS[1], 'generation', redis.call('HGET', KEYS[1], 'generation'))
end
return {session, salt}
