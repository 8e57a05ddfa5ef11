-- Make rate limits full. KEYS: the rate limits.
return redis.call('DEL', unpack(KEYS))
