"""The few things Redis must do in one step, in Lua. Each names its keys and arguments on its first line.

They are sent whole (200 bytes) rather than by hash: one round trip also after a restart, and fit for pipelines.
"""

SWAP_STATE = """-- state | expected new idle_sec
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
"""1 = replaced; 0 = it is not what was expected."""

PUT_STATE = """-- state generation | value idle_sec only_if_absent generation
if ARGV[4] ~= '' and (redis.call('GET', KEYS[2]) or '0') ~= ARGV[4] then return 0 end
if ARGV[3] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
"""1 = it is this one now; 0 = there was one, or it is of an older generation."""

PUT_SEEN = """-- seen generation | keys idle_sec generation
if ARGV[3] ~= '' and (redis.call('GET', KEYS[2]) or '0') ~= ARGV[3] then return -1 end
local length = redis.call('APPEND', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return length
"""
"""The length in bytes; -1 = of an older generation."""

ADD_SEEN = """-- seen | keys idle_sec
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return redis.call('APPEND', KEYS[1], ARGV[1])
"""
"""The length in bytes; -1 = there is no set to add to."""

SHRINK_SEEN = """-- seen | expected_length new idle_sec
if redis.call('STRLEN', KEYS[1]) ~= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
"""Between two rewrites a set only grows, so its length says whether it is the one that was read."""

PUT_PAGE = """-- page served | page page_sec keys most_bytes kept_bytes
local first = redis.call('GET', KEYS[1])
if first then return first end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
if #ARGV[3] > 0 and redis.call('APPEND', KEYS[2], ARGV[3]) > tonumber(ARGV[4]) then
  redis.call('SET', KEYS[2], redis.call('GETRANGE', KEYS[2], -tonumber(ARGV[5]), -1))
end
redis.call('EXPIRE', KEYS[2], ARGV[2])
return false
"""
"""Nothing = the given page is kept; else the page that was there first."""

RAISE_VERSION = """-- version | new
if tonumber(redis.call('GET', KEYS[1]) or '-1') < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
"""
