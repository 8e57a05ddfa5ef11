-- Store a new session. Return 1, or 0 if its id is taken.
-- KEYS: session, salt, replaced secrets.
-- ARGV: lifetime (ms), replaced secrets or "", their lifetime (ms), then the fields and their values.
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then
    store_replaced(KEYS[2], KEYS[3], ARGV[2], ARGV[3])
end
return 1
