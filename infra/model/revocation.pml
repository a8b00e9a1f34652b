/*
 * The revocation protocol, for the model checker Spin. `pnpm model` checks it (infra/model/run.ts).
 *
 * One revocation, number 0, is watched; the others are there because they move positions. Checked in
 * every state that can be reached, and so at every moment at which a verifier could accept:
 *
 *   G1_bounded            S ticks after revocation 0 committed no incarnation without it accepts
 *   G2_receipt            once its receipt says confirmed == expected, none does
 *   G4_exact              no incarnation has applied what has not committed
 *   G5_cold_start         only a running incarnation that was granted it accepts
 *   position_is_honest    an incarnation that claims a position has applied everything up to it
 *
 * G3 (nothing undoes a revocation) is G1 and G2 here: they hold for every incarnation that starts
 * later, however often. G6 (any order, any repetition) is that an event joins a set.
 *
 * WHAT STANDS FOR WHAT
 *
 * Verifiers (packages/verify/src/revocation/replica.ts, position.ts). What the model has are
 * incarnations. Each may start at any time, end at any time, and be paused at any time, since no step
 * is ever forced. So two incarnations are two verifiers, or one that is restarted, or one whose
 * successor starts before it has ended. All have the same service name.
 *
 * Time. A tick moves all clocks by one, at any moment and any number of times: there is no end of
 * time in this model. What is kept is how long something still lasts or has lasted, up to S. Only
 * differences of times are ever compared with S, so a run in real time that breaks a promise can be
 * moved onto whole ticks with its order kept, and breaks it there. All clocks tick together: that
 * rates agree is an assumption of the protocol. The margin of a second which covers their differences
 * is none here, which is the harder case.
 *
 * Requests and answers (grants.ts in apps/auth/src/revocation, replica.ts). An incarnation waits for one
 * answer at a time; it may give up at any moment and ask anew. The real one does not give up a question
 * before S, and has up to three open (request-with-late-reply.ts): that an answer to the former counts as well,
 * from its own question on, is left out here. The request travels, is registered with a batch,
 * is answered, and the answer travels, each for as long as may be. Being lost is being given up. An
 * answer holds what the log lacked at the incarnation's position: the position of the moment of the
 * read stands for that of the request, since what lies between was applied by this same incarnation.
 * With LINGER what was given up, and a second copy of what was answered, go on travelling, one a
 * verifier, also after its incarnation has ended: old requests register, old answers arrive and are
 * refused for their nonce or incarnation. Without LINGER they are dropped. An old request could only
 * put back a row into the registry, and an old answer is ignored.
 *
 * Auth (grants.ts). Each instance registers a batch of requests at once, any of those that are on
 * their way, when it has none; then it reads the log for each of them. Crashing is losing the batch.
 * Registration is one step, because only its commit can be seen.
 *
 * The log (apps/auth/src/revocation/postgres-revocation-log.ts). A transaction begins, and commits
 * later. An instance that numbers takes the lock of the head, finds what has committed, and later
 * commits positions for some or all of it, in any order and dense; or is undone; or is paused for ever.
 * A read is one snapshot: rows after a position, rows without one, and the head. With CUT it may also
 * be a page that carries one numbered row and vouches for that.
 *
 * Pushes (publisher.ts). From its commit on, a revocation may reach any incarnation at any time, or
 * never: so they are lost, late, repeated and in any order. The same for notices of numbering.
 *
 * Confirmations (acknowledgements.ts). Once applied, a revocation counts as acknowledged, and a
 * position as registered: in the model that news is never late. A receipt never comes too early for
 * lack of news, so a receipt here comes at least as early as any real one.
 *
 * The registry (registry.ts, apps/auth/src/revocation/postgres-verifier-registry.ts). A row is the number of
 * ticks until an instance could discount it: S at each registration. No instance has seen that very
 * registration for longer, whenever it looked, so this is the earliest of all their watches. It needs
 * that an instance never takes a new registration for one that it knows: see MUTANT_RECOUNT. A row
 * that may be discounted is discounted, and one whose incarnation takes its leave is gone at once;
 * rows only ever hold a receipt back.
 *
 * The receipt (receipts.ts). One, of revocation 0, by any instance, at any time after the commit: it
 * reads the registry once, and waits for each incarnation in it until it has acknowledged, or its
 * position has passed, or its row as it was then is gone. It is returned at that very moment. Receipts
 * change nothing, so what holds for one holds for all. After that reading the registry is of no more
 * use to it, nor after S ticks, when G1 promises the same; the rows are then forgotten.
 *
 * A new epoch (EPOCHS). The log loses its numbering and keeps its rows: the protocol assumes that an
 * acknowledged commit survives. A verifier that learns of it goes on as a new incarnation with its
 * ledger; if the model has none left, it stops.
 *
 * A history that was lost (LOST). The database has gone back to a former state, under the same epoch, S
 * ticks ago or more, so none is fresh by what was before. An incarnation that ran on has a position of
 * that history: the event that stood there stands nowhere now. It asks from there and hears pushes. No notice
 * joins on, since each says what stood before. Its answer says whether the position is beyond the head, and
 * otherwise which event stands there, which is none that it knows.
 *
 * LEFT OUT, since nothing above depends on it: signatures and claims, what an event is about, expiry
 * of entries and pruning of the log, the issuer's clock and the check for drift, the bound on
 * registrations (being refused is being lost), policies other than `reject`, the ways of transport,
 * snapshots for a cold start (which is an answer at position 0). These are tested on the code itself.
 *
 * BOUNDS: INCARNATIONS, REVOCATIONS, INSTANCES, S, EPOCHS, LOST, given by run.ts. Grants, ticks, pushes,
 * losses and attempts to number have no bound.
 */

#ifndef INCARNATIONS
#define INCARNATIONS 2
#endif
#ifndef REVOCATIONS
#define REVOCATIONS 1
#endif
#ifndef INSTANCES
#define INSTANCES 2
#endif
#ifndef S
#define S 2
#endif
#ifndef EPOCHS
#define EPOCHS 1
#endif

#ifdef MUTANT_NO_NONCE
#define LINGER
#endif

/* Not part of the state, except where the shortest counterexample is looked for: Spin wants that. */
#ifdef SHORTEST
#define SCRATCH
#else
#define SCRATCH hidden
#endif

#if INCARNATIONS == 1
#define FOR_ALL(p) (p(0))
#define FOR_EACH(step) step(0)
#define OPTIONS(option) option(0)
#elif INCARNATIONS == 2
#define FOR_ALL(p) (p(0) && p(1))
#define FOR_EACH(step) step(0); step(1)
#define OPTIONS(option) option(0) option(1)
#elif INCARNATIONS == 3
#define FOR_ALL(p) (p(0) && p(1) && p(2))
#define FOR_EACH(step) step(0); step(1); step(2)
#define OPTIONS(option) option(0) option(1) option(2)
#endif

#if REVOCATIONS == 1
#define FOR_ALL_ROWS(p, k) (p(k, 0))
#define FOR_EACH_ROW(step, k) step(k, 0)
#define ROW_OPTIONS(option) option(0)
#elif REVOCATIONS == 2
#define FOR_ALL_ROWS(p, k) (p(k, 0) && p(k, 1))
#define FOR_EACH_ROW(step, k) step(k, 0); step(k, 1)
#define ROW_OPTIONS(option) option(0) option(1)
#endif

#define HAS(set, x) (((set) >> (x)) & 1)
#define ADD(set, x) set = (set) | (1 << (x))
#define DROP(set, x) set = (set) & ~(1 << (x))

/* ---- the log ------------------------------------------------------------------------------ */

#define NONE 0
#define OPEN 1 /* its transaction has begun */
#define COMMITTED 2
#define NUMBERED 3

typedef Revocation {
  unsigned is : 2;
  unsigned position : 2
}

Revocation log[REVOCATIONS];
unsigned head : 2; /* the highest position given out */
unsigned placing : 2; /* what the holder of the head's lock has found; 0: nobody holds it */
#if EPOCHS > 1
unsigned epoch : 2 = 1;
#endif
#ifdef MUTANT_SERIAL
unsigned serial : 2;
#endif

#define VISIBLE(r) (log[r].is >= COMMITTED)

/* ---- incarnations ------------------------------------------------------------------------- */

#define UNBORN 0
#define RUNS 1
#define ENDED 2

typedef Incarnation {
  unsigned life : 2;
  unsigned ledger : 2; /* the set of revocations applied */
  unsigned position : 2;
  unsigned fresh : 2; /* ticks for which it may still accept */
  unsigned age : 2; /* ticks since it sent the request that it waits for, up to S */
  unsigned row : 2; /* its row in the registry: ticks until it may be discounted; 0: no row */
#if EPOCHS > 1
  unsigned epoch : 2; /* 0: none yet */
#endif
#ifdef LOST
  unsigned lost : 1; /* its position is of a history that was lost */
#endif
#ifdef MUTANT_RECOUNT
  unsigned once : 1; /* the row counts one grant */
#endif
}

Incarnation v[INCARNATIONS];

/* ---- requests and answers ----------------------------------------------------------------- */

#define NOWHERE 0
#define ON_ITS_WAY 1
#define ANSWERED 2
#define AT(i) (3 + (i)) /* in the batch of instance i */

typedef Letter {
  unsigned at : 3;
  unsigned rows : 2;
  unsigned head : 2;
  unsigned cut : 1;
#if EPOCHS > 1
  unsigned epoch : 2;
#endif
#ifdef LOST
  unsigned other : 1; /* what it was asked from is of another history */
#endif
}

Letter current[INCARNATIONS]; /* the one that is waited for */
#ifdef LINGER
Letter former[INCARNATIONS]; /* one that was given up, or a second copy */
#endif

#ifdef MUTANT_JOIN
typedef Page {
  unsigned is : 1;
  unsigned rows : 2;
  unsigned head : 2
}
Page page[INSTANCES];
#endif

#define WAITS(k) (v[k].life == RUNS && current[k].at != NOWHERE)
#if EPOCHS > 1
#define SAME_LOG(k) (v[k].epoch == epoch)
#else
#define SAME_LOG(k) true
#endif

/* ---- revocation 0 and its receipt --------------------------------------------------------- */

unsigned since : 2; /* ticks since it committed, up to S */
bit listed; /* the registry was read */
unsigned pending : 3; /* whom the receipt still waits for; none: confirmed == expected */

/* ---- what holds in every state ------------------------------------------------------------ */

SCRATCH byte n;
SCRATCH byte G1_bounded, G2_receipt, G4_exact, G5_cold_start, position_is_honest, unreached;

#define INFORMED(k) (v[k].fresh == 0 || HAS(v[k].ledger, 0))
#define ENTITLED(k) (v[k].fresh == 0 || v[k].life == RUNS)
#define TRUE_ENTRY(k, r) (VISIBLE(r) || !HAS(v[k].ledger, r))
#define TRUE_ENTRIES(k) FOR_ALL_ROWS(TRUE_ENTRY, k)
#define HONEST_AT(k, r) \
  (log[r].is != NUMBERED || log[r].position > v[k].position || HAS(v[k].ledger, r))
#ifdef LOST
#define OF_THIS_HISTORY(k) (!v[k].lost)
#else
#define OF_THIS_HISTORY(k) true
#endif
#define HONEST(k) \
  (v[k].life != RUNS || !SAME_LOG(k) || !OF_THIS_HISTORY(k) || FOR_ALL_ROWS(HONEST_AT, k))

/* With a bound that is one tick too short G1 must fail: the model does get that far. */
#ifdef REACH_BOUND
#define BOUND (S - 1)
#else
#define BOUND S
#endif
/* Nor are receipts true for want of an incarnation to wait for. */
#ifdef REACH_RECEIPT
#define ACCEPTS(k) (v[k].fresh > 0)
#define REACHED (VISIBLE(0) && since < S && listed && pending == 0 && FOR_ALL(ACCEPTS))
#else
#define REACHED false
#endif

#ifdef MUTANT_HEIR
#define LEFT_BEHIND(k) (v[k].life == ENDED && HAS(v[k].ledger, 0))
#define BEQUEATHED (LEFT_BEHIND(0) || LEFT_BEHIND(1))
#else
#define BEQUEATHED false
#endif

/* A receipt waits no longer for whom it need not wait for; whom none waits for needs no row. */
inline settle(k) {
  if
  :: listed && (!HAS(pending, k) || v[k].row == 0 || HAS(v[k].ledger, 0) || BEQUEATHED ||
      (log[0].is == NUMBERED && SAME_LOG(k) && v[k].position >= log[0].position)) ->
    DROP(pending, k);
    v[k].row = 0
  :: else
  fi
}

inline check() {
  FOR_EACH(settle);
  G1_bounded = !VISIBLE(0) || since < BOUND || FOR_ALL(INFORMED);
  assert(G1_bounded);
  G2_receipt = !VISIBLE(0) || since == S || !listed || pending != 0 || FOR_ALL(INFORMED);
  assert(G2_receipt);
#ifndef GUARANTEES_ONLY
  G4_exact = FOR_ALL(TRUE_ENTRIES);
  assert(G4_exact);
  G5_cold_start = FOR_ALL(ENTITLED);
  assert(G5_cold_start);
  position_is_honest = FOR_ALL(HONEST);
  assert(position_is_honest);
#endif
  unreached = !REACHED;
  assert(unreached);
  arrange()
}

/*
 * Incarnations that differ in nothing but their number are as good as each other. With SYMMETRY they
 * are put into an order after each step, so that of states which are the same but for these numbers
 * one is looked at. A counterexample is printed without it.
 */
#ifdef SYMMETRY
c_code {
#define EXCHANGE(type, one, other) { type kept = one; one = other; other = kept; }
  static void exchange(int a, int b) {
    unsigned both = (1u << a) | (1u << b);
    EXCHANGE(struct Incarnation, now.v[a], now.v[b])
    EXCHANGE(struct Letter, now.current[a], now.current[b])
#ifdef LINGER
    EXCHANGE(struct Letter, now.former[a], now.former[b])
#endif
    if (now.pending & both && (now.pending & both) != both) now.pending ^= both;
  }
  static int inOrder(int a, int b) {
    int by;
    if (now.v[b].life == UNBORN || now.v[a].life == UNBORN) return now.v[b].life == UNBORN;
    by = memcmp(&now.v[a], &now.v[b], sizeof(struct Incarnation));
    if (by == 0) by = memcmp(&now.current[a], &now.current[b], sizeof(struct Letter));
#ifdef LINGER
    if (by == 0) by = memcmp(&now.former[a], &now.former[b], sizeof(struct Letter));
#endif
    return by <= 0;
  }
  static void putInOrder(void) {
    int a;
    int b;
    for (a = 0; a < INCARNATIONS; a++)
      for (b = a + 1; b < INCARNATIONS; b++)
        if (!inOrder(a, b)) exchange(a, b);
  }
}
inline arrange() {
  c_code { putInOrder(); }
}
#else
inline arrange() {
  n = 0
}
#endif

/* ---- a verifier --------------------------------------------------------------------------- */

inline forget(letter) {
  letter.at = NOWHERE;
  letter.rows = 0;
  letter.head = 0;
  letter.cut = 0;
#if EPOCHS > 1
  letter.epoch = 0;
#endif
#ifdef LOST
  letter.other = 0;
#endif
  skip
}

#ifdef LINGER
inline linger(k) {
  former[k].at = current[k].at;
  former[k].rows = current[k].rows;
  former[k].head = current[k].head;
  former[k].cut = current[k].cut;
#if EPOCHS > 1
  former[k].epoch = current[k].epoch
#endif
}
#endif

inline end(k) {
  v[k].life = ENDED;
  v[k].fresh = 0;
  v[k].age = 0;
  v[k].position = 0;
#if EPOCHS > 1
  v[k].epoch = 0;
#endif
#ifdef LOST
  v[k].lost = 0;
#endif
#ifndef MUTANT_HEIR
  v[k].ledger = 0
#endif
}

inline resynchronise(k) {
  n = 0;
  do
  :: n < INCARNATIONS && v[n].life != UNBORN -> n++
  :: else -> break
  od;
  if
  :: n < INCARNATIONS -> v[n].life = RUNS; v[n].ledger = v[k].ledger
  :: else
  fi;
  end(k);
  v[k].row = 0
}

inline takeRows(k, letter) {
  v[k].ledger = v[k].ledger | letter.rows;
  if
  :: v[k].position < letter.head -> v[k].position = letter.head
  :: else
  fi;
#ifdef MUTANT_REPLY_TIME
  v[k].fresh = S;
#else
  if
  :: !letter.cut && v[k].fresh < S - v[k].age -> v[k].fresh = S - v[k].age
  :: else
  fi;
#endif
  v[k].age = 0
}

inline take(k, letter) {
#if EPOCHS > 1 && defined(MUTANT_NO_RESYNC)
  v[k].epoch = letter.epoch;
  takeRows(k, letter)
#elif EPOCHS > 1
  if
  :: v[k].epoch != 0 && v[k].epoch != letter.epoch -> resynchronise(k)
  :: else ->
    v[k].epoch = letter.epoch;
    takeRows(k, letter)
  fi
#elif defined(LOST)
  if
  :: letter.other -> resynchronise(k)
  :: else -> takeRows(k, letter)
  fi
#else
  takeRows(k, letter)
#endif
}

#if defined(LOST) && defined(MUTANT_NOTICE_ALONE)
#define JOINS_ON(k) true
#define FOLLOWED(k) v[k].lost = 0
#elif defined(LOST)
#define JOINS_ON(k) (!v[k].lost)
#define FOLLOWED(k) skip
#else
#define JOINS_ON(k) true
#define FOLLOWED(k) skip
#endif

#define PUSHED(r) \
  :: d_step { v[k].life == RUNS && VISIBLE(r) && !HAS(v[k].ledger, r) -> \
      ADD(v[k].ledger, r); \
      printf("> verifier %d applies revocation %d from a push\n", k, r); \
      check() }
#define NOTICED(r) \
  :: d_step { v[k].life == RUNS && SAME_LOG(k) && JOINS_ON(k) && HAS(v[k].ledger, r) && \
        log[r].is == NUMBERED && log[r].position == v[k].position + 1 -> \
      v[k].position = v[k].position + 1; \
      FOLLOWED(k); \
      printf("> verifier %d learns the position of revocation %d\n", k, r); \
      check() }

/* Its own former answer, or one to an incarnation that has ended. */
#define TAKEN(j) \
  :: d_step { WAITS(k) && former[j].at == ANSWERED && (j == k || v[j].life == ENDED) -> \
      take(k, former[j]); \
      forget(former[j]); \
      forget(current[k]); \
      printf("> verifier %d takes an answer to an old letter of verifier %d\n", k, j); \
      check() }

proctype verifier(byte k) {
  do
  :: d_step { v[k].life == UNBORN && (k == 0 || v[k - 1].life != UNBORN) ->
      v[k].life = RUNS;
      printf("> verifier %d starts\n", k);
      arrange() }
#ifdef LOST
  /* Further than the log was then, and than it is now, or will be. */
  :: d_step { v[k].life == UNBORN && (k == 0 || v[k - 1].life != UNBORN) ->
      v[k].life = RUNS;
      v[k].position = 1;
      v[k].lost = 1;
      printf("> verifier %d runs on, from position 1 of a history that was lost\n", k);
      check() }
  :: d_step { v[k].life == UNBORN && (k == 0 || v[k - 1].life != UNBORN) ->
      v[k].life = RUNS;
      v[k].position = 2;
      v[k].lost = 1;
      printf("> verifier %d runs on, from position 2 of a history that was lost\n", k);
      check() }
#endif
  :: d_step { v[k].life == RUNS && current[k].at == NOWHERE ->
      current[k].at = ON_ITS_WAY;
      printf("> verifier %d asks\n", k);
      arrange() }
  :: atomic { WAITS(k) ->
      if
#ifdef LINGER
      :: linger(k); printf("> verifier %d gives up waiting; its letter lingers\n", k)
#endif
      :: printf("> verifier %d gives up waiting; its letter is lost\n", k)
      fi;
      d_step { forget(current[k]); v[k].age = 0; arrange() } }
  :: atomic { WAITS(k) && current[k].at == ANSWERED ->
#ifdef LINGER
      if
      :: linger(k)
      :: skip
      fi;
#endif
      d_step {
        take(k, current[k]);
        forget(current[k]);
        printf("> verifier %d takes its answer\n", k);
        check() } }
#ifdef MUTANT_NO_NONCE
  OPTIONS(TAKEN)
#elif defined(LINGER)
  :: d_step { former[k].at == ANSWERED -> /* neither its nonce nor, perhaps, its incarnation */
      forget(former[k]);
      arrange() }
#endif
  ROW_OPTIONS(PUSHED)
#ifndef MUTANT_SERIAL
  ROW_OPTIONS(NOTICED)
#endif
  :: atomic { v[k].life == RUNS ->
#ifdef LINGER
      if
      :: current[k].at != NOWHERE -> linger(k)
      :: skip
      fi;
#endif
      if
      :: v[k].row = 0; printf("> verifier %d takes its leave\n", k)
      :: printf("> verifier %d crashes\n", k)
      fi;
      d_step { end(k); forget(current[k]); check() } }
  od
}

/* ---- an instance of auth ------------------------------------------------------------------ */

#ifdef LINGER
#define NOT_AT_INSTANCE(k, i) (current[k].at != AT(i) && former[k].at != AT(i))
#define NOT_ON_ITS_WAY(k) (current[k].at != ON_ITS_WAY && former[k].at != ON_ITS_WAY)
#else
#define NOT_AT_INSTANCE(k, i) (current[k].at != AT(i))
#define NOT_ON_ITS_WAY(k) (current[k].at != ON_ITS_WAY)
#endif
#define NOT_HERE(k) NOT_AT_INSTANCE(k, i)
#define NOT_BEFORE(k) NOT_AT_INSTANCE(k, i - 1)

inline register(k) {
  if
  :: !listed ->
#ifdef MUTANT_RECOUNT
    if
    :: v[k].row == 0 && v[k].once -> skip /* the same count as when it fell silent: discounted */
    :: v[k].row == 0 && !v[k].once -> v[k].row = S; v[k].once = 1
    :: v[k].row > 0 -> v[k].row = S; v[k].once = 0
    fi
#elif defined(MUTANT_HASTY)
    v[k].row = S - 1
#else
    v[k].row = S
#endif
  :: else
  fi
}

#if EPOCHS > 1 && !defined(MUTANT_NO_RESYNC)
#define OF_ITS_LOG(k) (v[k].epoch == 0 || v[k].epoch == epoch)
#else
#define OF_ITS_LOG(k) true
#endif

#ifdef MUTANT_NUMBERED_ONLY
#define LACKED(k, r) (log[r].is == NUMBERED && log[r].position > v[k].position)
#else
#define LACKED(k, r) (log[r].is == COMMITTED || log[r].is == NUMBERED && log[r].position > v[k].position)
#endif

SCRATCH byte found;

inline readRow(k, r) {
  if
  :: OF_ITS_LOG(k) && LACKED(k, r) -> ADD(found, r)
  :: else
  fi
}

/* Auth sees what is beyond the head. What stands at a position within it the verifier itself compares. */
#ifdef MUTANT_NO_HEAD_CHECK
#define IS_OTHER(k) (v[k].lost && v[k].position <= head)
#elif defined(MUTANT_NO_PLACE_CHECK)
#define IS_OTHER(k) (v[k].lost && v[k].position > head)
#else
#define IS_OTHER(k) (v[k].lost)
#endif

/* To an incarnation of another epoch it says no more than the epoch. */
inline readLog(k, letter) {
  found = 0;
  FOR_EACH_ROW(readRow, k);
  letter.rows = found;
  letter.head = head;
#if EPOCHS > 1
  letter.epoch = epoch;
#endif
#ifdef LOST
  letter.other = IS_OTHER(k);
#endif
  found = 0
}

inline joinBatch(k) {
  if
  :: current[k].at == ON_ITS_WAY ->
#ifdef MUTANT_READ_FIRST
    readLog(k, current[k]);
    printf("> instance %d reads the log for verifier %d\n", i, k);
#else
    register(k);
    printf("> instance %d registers verifier %d\n", i, k);
#endif
    current[k].at = AT(i)
  :: skip /* it comes later, or to another instance */
  fi;
#ifdef LINGER
  if
  :: former[k].at == ON_ITS_WAY ->
    register(k);
    printf("> instance %d registers verifier %d for an old letter\n", i, k);
    former[k].at = AT(i)
  :: skip
  fi
#endif
}

#if defined(MUTANT_READ_FIRST)
#define SERVED(k) \
  :: d_step { current[k].at == AT(i) -> \
      register(k); \
      current[k].at = ANSWERED; \
      printf("> instance %d registers verifier %d, and answers\n", i, k); \
      check() }
#elif defined(MUTANT_JOIN)
#define SERVED(k) \
  :: d_step { current[k].at == AT(i) && page[i].is -> \
      current[k].rows = page[i].rows; \
      current[k].head = page[i].head; \
      current[k].at = ANSWERED; \
      printf("> instance %d answers verifier %d from that page\n", i, k); \
      if \
      :: FOR_ALL(NOT_HERE) -> page[i].is = 0; page[i].rows = 0; page[i].head = 0 \
      :: else \
      fi } \
  :: d_step { current[k].at == ON_ITS_WAY && page[i].is -> \
      register(k); \
      current[k].at = AT(i); \
      printf("> verifier %d is registered, and joins that page of instance %d\n", k, i); \
      check() }
#else
#define SERVED(k) \
  :: d_step { current[k].at == AT(i) -> \
      readLog(k, current[k]); \
      current[k].at = ANSWERED; \
      printf("> instance %d reads the log for verifier %d, and answers\n", i, k); \
      arrange() } \
  SERVED_IN_PART(k) \
  SERVED_AGAIN(k)
#endif

#ifdef CUT
#if EPOCHS > 1
#define NAME_EPOCH(k) current[k].epoch = epoch
#else
#define NAME_EPOCH(k) skip
#endif
#ifdef LOST
#define NAME_HISTORY(k) current[k].other = IS_OTHER(k)
#else
#define NAME_HISTORY(k) skip
#endif
#define CUT_AFTER(k, r) \
  :: d_step { current[k].at == AT(i) && OF_ITS_LOG(k) && \
        log[r].is == NUMBERED && log[r].position == v[k].position + 1 -> \
      current[k].rows = 1 << r; \
      current[k].head = v[k].position + 1; \
      current[k].cut = 1; \
      NAME_EPOCH(k); \
      NAME_HISTORY(k); \
      current[k].at = ANSWERED; \
      printf("> instance %d answers verifier %d in part\n", i, k); \
      arrange() }
#define SERVED_IN_PART(k) CUT_AFTER(k, 0) CUT_AFTER(k, REVOCATIONS - 1)
#else
#define SERVED_IN_PART(k)
#endif

#ifdef LINGER
#define SERVED_AGAIN(k) \
  :: d_step { former[k].at == AT(i) -> \
      readLog(k, former[k]); \
      former[k].at = ANSWERED; \
      printf("> instance %d reads the log for an old letter of verifier %d, and answers\n", i, k); \
      arrange() }
#else
#define SERVED_AGAIN(k)
#endif

#ifdef MUTANT_JOIN
inline readPage(k, r) {
  if
  :: VISIBLE(r) -> ADD(page[i].rows, r)
  :: else
  fi
}
#endif

proctype auth(byte i) {
  do
  /* Idle instances are as good as each other: the first of them begins. */
  :: atomic { FOR_ALL(NOT_HERE) && !FOR_ALL(NOT_ON_ITS_WAY) && (i == 0 || !FOR_ALL(NOT_BEFORE)) ->
      FOR_EACH(joinBatch);
      d_step { check() } }
  OPTIONS(SERVED)
#ifdef MUTANT_JOIN
  :: d_step { !FOR_ALL(NOT_HERE) && !page[i].is ->
      page[i].is = 1;
      page[i].head = head;
      FOR_EACH_ROW(readPage, 0);
      printf("> instance %d reads a page of the log\n", i) }
#endif
  od
}

/* ---- numbering ---------------------------------------------------------------------------- */

#ifndef MUTANT_SERIAL

inline find(k, r) {
  if
  :: log[r].is == COMMITTED -> ADD(placing, r)
  :: else
  fi
}

#define PLACED(r) \
      :: HAS(placing, r) -> \
        head++; \
        log[r].position = head; \
        log[r].is = NUMBERED; \
        DROP(placing, r); \
        printf("> revocation %d gets position %d\n", r, head)

proctype numbering() {
  do
  :: d_step { placing == 0 ->
      FOR_EACH_ROW(find, 0);
      if
      :: placing != 0 -> printf("> the head is locked for numbering\n")
      :: else
      fi }
  :: atomic { placing != 0 ->
      do
      ROW_OPTIONS(PLACED)
      :: placing = 0 -> break /* as many as one run takes; none when it was undone */
      od;
      d_step { check() } }
  od
}

#endif

#if EPOCHS > 1

inline unnumber(k, r) {
  if
  :: log[r].is == NUMBERED -> log[r].is = COMMITTED; log[r].position = 0
  :: else
  fi
}

proctype failover() {
  do
  :: d_step { epoch < EPOCHS ->
      epoch++;
      head = 0;
      placing = 0;
      FOR_EACH_ROW(unnumber, 0);
      printf("> the log has a new epoch\n");
      check() }
  od
}

#endif

/* ---- a revocation, and the receipt of revocation 0 ---------------------------------------- */

proctype revocation(byte r) {
  d_step {
    log[r].is = OPEN;
#ifdef MUTANT_SERIAL
    serial++;
    log[r].position = serial;
#endif
    printf("> revocation %d begins\n", r)
  }
  d_step {
#ifdef MUTANT_SERIAL
    log[r].is = NUMBERED;
    if
    :: head < log[r].position -> head = log[r].position
    :: else
    fi;
#else
    log[r].is = COMMITTED;
#endif
    printf("> revocation %d commits\n", r);
    check()
  }
}

#ifdef MUTANT_EARLY_LIST
#define MAY_LIST (log[0].is >= OPEN)
#else
#define MAY_LIST VISIBLE(0)
#endif

inline expect(k) {
  if
  :: v[k].row > 0 -> ADD(pending, k)
  :: else
  fi
}

proctype receipt() {
  d_step { MAY_LIST && !listed ->
    listed = 1;
    FOR_EACH(expect);
    printf("> the receipt of revocation 0 reads the registry\n");
    check()
  }
}

/* ---- time --------------------------------------------------------------------------------- */

inline tick(k) {
  if
  :: v[k].fresh > 0 -> v[k].fresh = v[k].fresh - 1
  :: else
  fi;
  if
  :: v[k].row > 0 -> v[k].row = v[k].row - 1
  :: else
  fi;
  if
  :: WAITS(k) && v[k].age < S -> v[k].age = v[k].age + 1
  :: else
  fi
}

proctype clock() {
  do
  :: d_step {
      FOR_EACH(tick);
      if
      :: VISIBLE(0) && since < S ->
        since++;
        if
        :: since == S -> listed = 1; pending = 0
        :: else
        fi
      :: else
      fi;
      printf("> tick\n");
      check() }
  od
}

init {
  atomic {
    do
    :: n < INCARNATIONS -> run verifier(n); n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < INSTANCES -> run auth(n); n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < REVOCATIONS -> run revocation(n); n++
    :: else -> break
    od;
    n = 0;
#ifndef MUTANT_SERIAL
    run numbering();
#endif
#if EPOCHS > 1
    run failover();
#endif
    run receipt();
    run clock()
  }
}
