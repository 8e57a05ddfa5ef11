-- Replace an encrypted signing key that is stored as expected. Return 1 if it was replaced, 0 otherwise.
-- KEYS: signing keys. ARGV: kid, expected JSON, new JSON.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
