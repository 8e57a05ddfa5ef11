-- Set the credential version of a live session that has the expected one. Return 1 if it was set, 0 otherwise.
-- KEYS: session. ARGV: expected version, new version, now (s).
local version, revoked_at, expires_at, idle_expires_at =
    unpack(redis.call('HMGET', KEYS[1], 'credential_version', 'revoked_at', 'expires_at', 'idle_expires_at'))
local now = tonumber(ARGV[3])
if version ~= ARGV[1] or revoked_at or tonumber(expires_at) <= now then
    return 0
end
if idle_expires_at ~= '' and tonumber(idle_expires_at) <= now then
    return 0
end
redis.call('HSET', KEYS[1], 'credential_version', ARGV[2])
return 1
