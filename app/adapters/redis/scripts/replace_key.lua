-- Put a sealed signing key in the place of what it was. KEYS: keys. ARGV: kid, expected, new.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
