/** Every bound of the service: its unit is in its name, the line above says what it prevents. */

/** Frames beyond this close the connection; also the largest bulk. Larger rosters come over REST. */
export const FRAME_MAX_BYTES = 1024 * 1024;
/** REST bodies; a roster of 10,000 lines of CSV is about 600 KB. */
export const HTTP_BODY_MAX_BYTES = 4 * 1024 * 1024;
/** Students on one roll; bounds the size of every snapshot. */
export const ROLL_MAX_STUDENTS = 10_000;
/** Changes of one roll; bounds its log, which is kept whole until archived. Ending still works. */
export const ROLL_MAX_CHANGES = 50_000;
/** Remembered request ids that changed nothing; together with ROLL_MAX_CHANGES this bounds what a roll keeps in memory. */
export const ROLL_MAX_REMEMBERED_NO_OPS = 50_000;
/** Request ids stay known this long after the archive has their session, for answers that were lost on the way. */
export const REQUESTS_KEPT_MS = 10 * 60_000;
/** And at most this many of them; the sessions that were archived first are forgotten first. */
export const REQUESTS_KEPT_MAX = 100_000;
/** Changes that one syncAttendance replays; beyond it a snapshot is cheaper. */
export const SYNC_MAX_CHANGES = 500;
/** Ids named in a refusal, so that an error stays small. */
export const REFUSAL_MAX_IDS = 20;

/** Statistics of one session to its staff, at most this often; to anybody, over all nodes. */
export const STATISTICS_MIN_INTERVAL_MS = 500;
/** To its whole room, unless it is a heartbeat: arrivals change nothing that students act on, and a room costs a message for each node. */
export const STATISTICS_ROOM_INTERVAL_MS = 5_000;
/** And at least this often, as a heartbeat that carries seq. */
export const STATISTICS_HEARTBEAT_MS = 15_000;
/**
 * Statistics that one node sends to whole rooms per second over all sessions, as messages to sockets. Beyond it students
 * hear them less often, and only staff every STATISTICS_MIN_INTERVAL_MS: in the first minute of a hundred classes,
 * check-ins go first.
 */
export const STATISTICS_MAX_DELIVERIES_PER_SECOND = 500;

/** While more commands a second come to the embedded store than this, commits are COMMIT_INTERVAL_MS apart: a crowd shares each wait for the disk. */
export const COMMIT_CROWD_PER_SECOND = 250;
export const COMMIT_INTERVAL_MS = 24;

/** How long a rotating check-in code is shown; it is valid for one such slot more. */
export const CODE_SLOT_MS = 15_000;
/** A node looks for a code so many slots around its own clock: with one that is further from the store's, no code fits. */
export const CODE_CLOCK_MAX_SLOTS = 20;
/** A ticket for a code holds this long: enough to sign in. */
export const TICKET_MS = 3 * 60_000;
/** Wrong codes within WRONG_CODES_WINDOW_MS: of a student in a session, or of a device that asks for a ticket; then RATE_LIMITED. */
export const WRONG_CODES_MAX = 5;
export const WRONG_CODES_WINDOW_MS = 60_000;
/** The same of one address that asks for tickets: a lecture hall behind it may mistype. Right codes always pass. */
export const WRONG_CODES_OF_ADDRESS_MAX = 600;
/** Devices and addresses whose wrong codes are counted for one session; beyond it those of others are RATE_LIMITED. */
export const GUESSERS_MAX = 10_000;
/** A browser keeps the cookie that tickets are bound to, and DEVICE_SIGNALS go by, this long. */
export const DEVICE_COOKIE_MAX_AGE_S = 24 * 3600;

/** Tolerance for clocks that differ between the issuer of tokens and us. */
export const TOKEN_CLOCK_TOLERANCE_S = 30;
/** tokenExpiring is sent this long before a socket's token expires. */
export const TOKEN_EXPIRING_NOTICE_MS = 60_000;
/** How often expiries are looked at; an expired socket is closed within this. */
export const TOKEN_EXPIRY_CHECK_MS = 1_000;
/** Longest token that is looked at. */
export const TOKEN_MAX_CHARS = 8_192;

/** Events that a student's socket may send at once, and per second after that: no person is faster. */
export const STUDENT_EVENTS_BURST = 200;
export const STUDENT_EVENTS_PER_SECOND = 20;
/** The same for staff, whose screens may mark a whole class one by one. */
export const STAFF_EVENTS_BURST = 2_500;
export const STAFF_EVENTS_PER_SECOND = 250;
/** An event that answers with a whole roll counts as this many. */
export const WHOLE_ROLL_EVENT_COST = 5;
/** The same for a leave: leaving and coming back is kept, though nobody needs it twice a second. */
export const LEAVE_EVENT_COST = 3;
/** And one more for each of these of its frame, so that large bulks are paced too. */
export const EVENT_COST_BYTES = 16 * 1024;
/** A socket that goes on this far beyond its allowance is closed: refusing costs too. */
export const RATE_LIMITED_EVENTS_BEFORE_CLOSE = 1_000;

/** Messages and bytes waiting for one connection's reader; beyond either it is closed and can sync later. */
export const SEND_QUEUE_MAX_MESSAGES = 5_000;
export const SEND_QUEUE_MAX_BYTES = 8 * 1024 * 1024;
/** How often the send queues are looked at. */
export const SEND_QUEUE_CHECK_MS = 2_000;
/** A look at who is still in a course, which failed, is repeated after this: who is removed is out within 2 s. */
export const COURSE_CHECK_RETRY_MS = 500;
/** A socket that connects while the live store is away is not in its rolls yet; it is put back within this. */
export const REATTACH_AGAIN_MS = 1_000;
/** Course rooms that one socket may be in. */
export const SOCKET_MAX_COURSES = 200;
/** Longer event names are refused before they are looked up or logged. */
export const EVENT_NAME_MAX_CHARS = 64;

/** A turn of the event loop in which so many commands of one roll have come is not waited for. */
export const TURN_ENOUGH_COMMANDS = 8;
/** Records that one run of a script in Redis changes, unless one bulk names more; while it runs, nothing else on that server does. */
export const TURN_MAX_CHANGES = 250;
/** A claim on a due roll lapses after this, so that a worker that died does not keep it. */
export const ARCHIVE_LEASE_MS = 30_000;
/** Waits between tries to archive one roll: doubled from the first to the last, with jitter. */
export const ARCHIVE_RETRY_MIN_MS = 500;
export const ARCHIVE_RETRY_MAX_MS = 60_000;
/** Rolls that one node claims and archives at the same time: few, so that each is done well within its lease, and other nodes find some too. */
export const ARCHIVE_AT_ONCE_ROLLS = 8;
/** How often the due-list is looked at when nothing wakes it. */
export const ARCHIVE_POLL_MS = 1_000;
/** A start that takes longer is answered STORE_UNAVAILABLE, and finished by its repetition or the reconciler. */
export const START_MAX_MS = 2_800;
/** A session that is begun but has no roll after this is opened by the reconciler. */
export const RECONCILE_EVERY_MS = 30_000;
/** How often sessions are looked for whose records are older than RETENTION_DAYS, and how many one look takes at a time. */
export const RETENTION_EVERY_MS = 60 * 60_000;
export const RETENTION_BATCH_SESSIONS = 100;
/** Whoever was connected to a node that died or left has this long to be back before staff are told that they left. */
export const PRESENCE_RETURN_MS = 20_000;
/** How often that is looked at. */
export const PRESENCE_SWEEP_MS = 5_000;
/** The same for the clients of a node that was drained: they were told to come back, and did so at once. */
export const DRAINED_RETURN_MS = 10_000;
/** Partitions whose rolls a node compares with the indexes every PRESENCE_SWEEP_MS: all 128 of them in 40 s. */
export const INDEX_PARTITIONS_AT_ONCE = 16;
/** Headers of rolls that a node keeps to authorise commands without a read; some kilobytes each. */
export const KNOWN_ROLLS_MAX = 5_000;
/** Grace after ends_at before a session ends by itself. */
export const AUTO_END_AFTER_ENDS_AT_MS = 10 * 60_000;

/** Messages of one session that a node holds back while it reads what it has missed; beyond it these are read too. */
export const FEED_HELD_MAX_MESSAGES = 5_000;
/** A room that is still behind its roll after this does not hear any more: what is published takes milliseconds. */
export const FEED_DEAF_AFTER_MS = 1_000;
/** An answer waits this long for what was published before it to go by; */
export const FEED_CATCH_UP_MS = 100;
/** then the connection is asked whether all of it is here, and has this long to answer: together well within a second. */
export const FEED_FLUSH_MS = 600;
/** Sessions about which one node asks at once; all of them at once would hold up the joins. */
export const FEED_LOOK_MAX_SESSIONS = 100;

/** Redis: a start waits this long for all of its connections; longer, and an orchestrator should try elsewhere. */
export const REDIS_CONNECT_MS = 10_000;
/** One try to open a connection; a host that swallows packets must not hold up the next try. */
export const REDIS_TCP_CONNECT_MS = 2_000;
/** Commands that leave in one write, at most: what a long turn gathers must not wait for its end. */
export const REDIS_WRITE_COMMANDS = 32;
/** Redis may say nothing for this long before what was asked is given up: with what may follow (REDIS_FOLLOW_WITHIN_MS) a caller knows within a second. */
export const REDIS_COMMAND_TIMEOUT_MS = 800;
/** An answer is waited for no longer than this, though others come: in a rush that is more than a server can do, most get theirs. */
export const REDIS_ANSWER_MAX_MS = 5_000;
/** A redirection or an unknown script is followed when it was told within this; so waits do not add up. */
export const REDIS_FOLLOW_WITHIN_MS = 200;
/** Redirections that one command follows; slots that move in circles are the Cluster's to sort out. */
export const REDIS_MAX_REDIRECTIONS = 3;
/** Of the wait for replicas; two of them, for who comes while another waits, fit into REDIS_COMMAND_TIMEOUT_MS. */
export const REDIS_WAIT_MS = 400;
/** A publish that is not answered by then is given up: local sockets wait for it. */
export const REDIS_PUBLISH_TIMEOUT_MS = 300;
/** Joins wait this long for the subscription of their room. */
export const REDIS_SUBSCRIBE_TIMEOUT_MS = 800;
/** A subscription that failed is tried again after this. */
export const REDIS_RESUBSCRIBE_MS = 200;
/** How often each connection is asked whether it is alive and still to a primary. */
export const REDIS_PING_MS = 2_000;
/** A connection that owes an answer and says nothing for this long is dead, whatever TCP thinks, and is replaced. */
export const REDIS_SILENT_MS = 1_500;
/** Waits before a lost connection is tried again: the first, and the longest. */
export const REDIS_RECONNECT_MIN_MS = 50;
export const REDIS_RECONNECT_MAX_MS = 500;
/** Cluster: how often the map of slots is read when nothing suggests that it changed, and the least time between reads. */
export const REDIS_SLOTS_REFRESH_MS = 15_000;
export const REDIS_SLOTS_MIN_INTERVAL_MS = 250;
/** A polite goodbye takes no longer than this. */
export const REDIS_CLOSE_MS = 500;
/** Longest REDIS_PREFIX; it stands in every key. */
export const REDIS_PREFIX_MAX_CHARS = 64;

/** List pages. */
export const PAGE_DEFAULT_ITEMS = 50;
export const PAGE_MAX_ITEMS = 200;
/** Rows read at a time while a CSV streams. */
export const CSV_PAGE_ROWS = 500;

/** From a request's first byte to its last; a client that sends more slowly holds a connection for nothing. */
export const HTTP_REQUEST_MAX_MS = 60_000;
/** Deeper JSON than this is refused before it is parsed; no body of ours nests deeper than 4. */
export const JSON_MAX_DEPTH = 16;
/** Path parameters, percent-encoded: the longest user id. */
export const PATH_PARAMETER_MAX_CHARS = 400;
/** Longest x-request-id that is taken over into logs. */
export const REQUEST_ID_MAX_CHARS = 64;
/** A store that has not answered after this is down, for readiness. */
export const READINESS_TIMEOUT_MS = 2_000;
/** Reads that one page of sessions may cost when live rolls are ahead of the registry; beyond it the page is shorter. */
export const SESSION_PAGE_MAX_READS = 5;
/** Bad lines named in the answer to a CSV roster, so that it stays small. */
export const CSV_MAX_BAD_LINES = 200;
/** Time zones whose formatters are kept for CSV; more than there are in use, and each is tens of kilobytes. */
export const CSV_MAX_TIME_ZONES = 100;

/** MongoDB: updates in one command; a server that works them off one by one must not be held for long. */
export const MONGO_BULK_OPERATIONS = 25;
/** A roster of so many students is read in one go; beyond it the read may take as long as a bulk. */
export const MONGO_QUICK_READ_IDS = 500;
/** Connections that one node opens at most; more work waits for one of them. */
export const MONGO_POOL_MAX = 20;
/** A server that takes writes is looked for this long, and one try to reach it lasts no longer. */
export const MONGO_SELECTION_MS = 2_000;
export const MONGO_CONNECT_MS = 2_000;
/** How often it is looked at; one that does not answer such a look is away. */
export const MONGO_HEARTBEAT_MS = 2_000;
/** A call, with everything that it takes: whoever starts a session knows within 3 s that the database is away. */
export const MONGO_TIMEOUT_MS = 2_500;
/** The same for a whole roll or roster, or a correction; well within ARCHIVE_LEASE_MS. */
export const MONGO_BULK_TIMEOUT_MS = 15_000;
/** The same for what goes over many sessions: reports and histories. */
export const MONGO_REPORT_TIMEOUT_MS = 120_000;
/** The same for all that is held about a person, or in a session that is anonymised. */
export const MONGO_PERSON_TIMEOUT_MS = 120_000;
/** One command without an answer for this long has lost its connection; making an index of a large collection takes some. */
export const MONGO_SOCKET_TIMEOUT_MS = 60_000;
/** A polite goodbye takes no longer than this. */
export const MONGO_CLOSE_MS = 1_000;
