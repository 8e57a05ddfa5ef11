-- Delete an encrypted signing key. Return 1 if it was deleted, 0 if there is none. KEYS: signing keys, successors.
-- ARGV: kid.
local successors = redis.call('HGETALL', KEYS[2])
for place = 1, #successors, 2 do
    if successors[place + 1] == ARGV[1] then
        redis.call('HDEL', KEYS[2], successors[place])
    end
end
return redis.call('HDEL', KEYS[1], ARGV[1])
