-- Store an encrypted signing key. Return 1, or 0 if its kid is taken or another key follows the same key.
-- KEYS: signing keys, successors. ARGV: kid, kid of the key that it follows, the key as JSON.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 or redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then
    return 0
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
