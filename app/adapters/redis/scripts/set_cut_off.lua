-- Set the cut-off of a shard. It never moves back, and never expires. KEYS: cut-off. ARGV: the new cut-off (s).
-- An older one than the stored one writes the stored one again. The caller can then ask the replicas for it (WAIT).
local stored = redis.call('GET', KEYS[1])
if stored and tonumber(stored) > tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], stored)
else
    redis.call('SET', KEYS[1], ARGV[1])
end
return 1
