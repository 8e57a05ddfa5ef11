-- The beginning of each script that changes a session. The times are text, or false in a session that does not exist.
-- A time that is no number is 0, so a session that cannot be read is not live.

-- Return whether the cut-off (s, or false) ended a session that began at created_at.
local function is_cut_off(cut_off, created_at)
    return cut_off and created_at and math.floor(tonumber(created_at) or 0) <= (tonumber(cut_off) or 0)
end

-- Return whether a session is live at now (s): it has at least one second left.
local function is_live(now, cut_off, revoked_at, created_at, expires_at, idle_expires_at)
    if revoked_at or not created_at or is_cut_off(cut_off, created_at) or (tonumber(expires_at) or 0) < now + 1 then
        return false
    end
    return idle_expires_at == '' or (tonumber(idle_expires_at) or 0) >= now + 1
end
