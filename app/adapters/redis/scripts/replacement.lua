-- The beginning of each script that stores what rotations replaced.

-- Store the packed secrets (72 bytes each: digest, salt, time) for a lifetime (ms), and the last salt by itself, because
-- the previous version of this program reads only that.
local function store_replaced(salt, replaced, packed, lifetime)
    redis.call('SET', salt, packed:sub(-40, -9), 'PX', lifetime)
    redis.call('SET', replaced, packed, 'PX', lifetime)
end
