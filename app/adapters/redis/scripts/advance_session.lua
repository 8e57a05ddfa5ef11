-- Swap the digest of the current secret if the session is live and has the expected one. Return 1 if so, 0 otherwise.
-- KEYS: session, salt.
-- ARGV: expected digest, new digest, salt, lifetime of the salt (ms), now (s), idle expiry (s) or "", retention (ms).
local digest, revoked_at, expires_at, idle_expires_at =
    unpack(redis.call('HMGET', KEYS[1], 'secret_digest', 'revoked_at', 'expires_at', 'idle_expires_at'))
local now = tonumber(ARGV[5])
if digest ~= ARGV[1] or revoked_at or tonumber(expires_at) <= now then
    return 0
end
if idle_expires_at ~= '' and tonumber(idle_expires_at) <= now then
    return 0
end
redis.call('HSET', KEYS[1], 'secret_digest', ARGV[2], 'rotated_at', ARGV[5], 'idle_expires_at', ARGV[6])
redis.call('HINCRBY', KEYS[1], 'generation', 1)
if tonumber(ARGV[4]) > 0 then
    redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
end
local ends_at = math.min(tonumber(expires_at), tonumber(ARGV[6]) or math.huge)
redis.call('PEXPIRE', KEYS[1], math.ceil((ends_at - now) * 1000 + ARGV[7]))
return 1
