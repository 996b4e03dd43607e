-- Keys and arguments that every script of a roll has.
--
-- KEYS: the keys of one roll, all in one slot; see redis-keys.ts.
-- ARGV: 1 clock (milliseconds; empty: the server's own), 2 session id, 3 replication id of the server as the node knows
-- it, 4 an epoch to take if that has changed, 5 channel prefix, 6 and 7 the rooms of everybody and of the staff,
-- 8 prefix of the keys that say which rolls a node holds connections of. Arguments of one script alone follow.
local ROLL, MARKS, USERS, FOLLOWERS, ONLINE = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local PLACES, LOG, REQUESTS, DUE, KEPT = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local WRONG_CODES, GUESSERS, DEVICES = KEYS[11], KEYS[12], KEYS[13]
local SESSION, REPLICATION, FRESH_EPOCH = ARGV[2], ARGV[3], ARGV[4]
local CHANNELS, ROOM, STAFF_ROOM, HELD_BY = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local OWN_ARGV = 9
local NOW = json(now_iso)
local SESSION_JSON = json(SESSION)
