-- Swap the digest of the current secret if the session is live and has the expected one. Return 1 if so, 0 otherwise.
-- KEYS: session, salt, replaced secrets, cut-off.
-- ARGV: expected digest, new digest, replaced secrets or "", their lifetime (ms), now (s), idle expiry (s) or "",
-- retention (ms).
local digest, generation, revoked_at, created_at, expires_at, idle_expires_at = unpack(redis.call('HMGET', KEYS[1],
    'secret_digest', 'generation', 'revoked_at', 'created_at', 'expires_at', 'idle_expires_at'))
local now = tonumber(ARGV[5])
if digest ~= ARGV[1] then
    return 0
end
if not is_live(now, redis.call('GET', KEYS[4]), revoked_at, created_at, expires_at, idle_expires_at) then
    return 0
end
redis.call('HSET', KEYS[1], 'secret_digest', ARGV[2], 'generation', generation + 1, 'rotated_at', ARGV[5],
    'idle_expires_at', ARGV[6])
if ARGV[3] ~= '' then
    store_replaced(KEYS[2], KEYS[3], ARGV[3], ARGV[4])
else
    redis.call('DEL', KEYS[2], KEYS[3])
end
local ends_at = math.min(tonumber(expires_at), tonumber(ARGV[6]) or math.huge)
redis.call('PEXPIRE', KEYS[1], math.ceil((ends_at - now) * 1000 + ARGV[7]))
return 1
