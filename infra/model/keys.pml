/*
 * Keys in grants, for the model checker Spin. `npm run model` checks it beside the protocol itself.
 *
 * One verifier (packages/verify/src/keys/jwks.ts, vouched-keys.ts), an issuer that rotates, kills and
 * vouches (apps/auth/src/keys), and a thief. Checked in every state that can be reached:
 *
 *   no_killed_key         no key is known whose kill this verifier has applied
 *   voucher_is_fetched    a key that vouched for a known key came with the set that was fetched last: so a
 *                         key goes with its voucher, there are no chains, and a set replaces all
 *   first_is_fetched      no key is known before a set was fetched
 *   thief_ends            a key that the thief made is known only while a stolen key is, that came with
 *                         the set and whose kill has not been applied
 *   name_keeps_its_key    a key that came with the set is never known in another form
 *
 * WHAT STANDS FOR WHAT
 *
 * Keys. The issuer's are made one after the other and published; each may be withdrawn, stolen and
 * killed at any time. The thief has keys of its own, and may put one of them under the name of any
 * key of the issuer: FORGED. Those are what a vouch may bring.
 *
 * Vouches. The issuer signs for a published key by an older one, at any time at which both are published
 * and neither is killed; the signature exists for ever. A stolen key signs for anything,
 * as do the thief's own keys. What no signature exists for is refused, and is not here. The bus is
 * the thief's: any vouch for which there is a signature may arrive at any time, any number of times.
 *
 * The set. A fetch reads what is published, and its answer is taken at any later time, or never: kills
 * may be applied in between. Over HTTPS the answer is the issuer's own.
 *
 * Kills reach the verifier by push or by a grant, at any time after they have committed, in any order.
 *
 * LEFT OUT: expiry of vouches (a key may also go at any time, which only removes), cooldowns and the
 * answers 401 and 503, bounds on numbers, and the token's own checks. They are tested on the code.
 */
#define MADE 3            /* keys of the issuer */
#define THIEFS 3          /* a key that the thief made */
#define KEYS 4
#define NOBODY 7

#define HAS(set, k) ((set) & (1 << (k)))
#define ADD(set, k) set = (set) | (1 << (k))
#define DROP(set, k) set = (set) & ~(1 << (k))

/* The issuer: what is made, published and killed; and what was signed, by each, for others of it. */
byte made = 1, published = 1, killed;
byte vouches[MADE - 1];
byte stolen;

/* The verifier. `forged` are names that are known by a key of the thief. */
byte fetched, vouched, forged, applied, voucher[KEYS] = NOBODY;
bit ever;
/* A fetch that is under way, and what its answer will be. */
bit asking;
byte answer;

#ifdef SHORTEST
#define SCRATCH
#else
#define SCRATCH hidden
#endif
SCRATCH byte no_killed_key, voucher_is_fetched, first_is_fetched, thief_ends, name_keeps_its_key;
SCRATCH byte unreached;

#define KNOWN (fetched | vouched)
#define BY_FETCHED(k) (!HAS(vouched, k) || (voucher[k] < KEYS && HAS(fetched, voucher[k])))

inline check() {
  no_killed_key = (KNOWN & applied) == 0;
  assert(no_killed_key);
  first_is_fetched = ever || KNOWN == 0;
  assert(first_is_fetched);
  voucher_is_fetched =
    BY_FETCHED(0) && BY_FETCHED(1) && BY_FETCHED(2) && BY_FETCHED(THIEFS);
  assert(voucher_is_fetched);
  thief_ends = (!HAS(vouched, THIEFS) && forged == 0) || (fetched & stolen & ~applied);
  assert(thief_ends);
  name_keeps_its_key = (fetched & forged) == 0;
  assert(name_keeps_its_key);
#ifdef REACH_VOUCHED
  /* A key of the issuer signs that is known by a vouch alone, while the set cannot be had. */
  unreached = !(HAS(vouched, 2) && !HAS(forged, 2) && HAS(fetched, 0) && !HAS(published, 0));
  assert(unreached);
#endif
#ifdef REACH_THIEF
  unreached = !HAS(vouched, THIEFS);
  assert(unreached);
#endif
}

inline forget(k) {
  DROP(vouched, k);
  DROP(forged, k);
  voucher[k] = NOBODY
}

#ifdef MUTANT_KEPT
#define TAKE_ALONG(j, k)
#else
#define TAKE_ALONG(j, k) \
  if \
  :: voucher[j] == k -> forget(j) \
  :: else \
  fi
#endif

#define STEPS_OF(k) \
  :: d_step { made == k -> \
      made++; ADD(published, k); \
      printf("> the issuer publishes key %d\n", k); check() } \
  :: d_step { HAS(published, k) && made > k + 1 -> \
      DROP(published, k); \
      printf("> the issuer withdraws key %d\n", k); check() } \
  :: d_step { made > k && !HAS(killed, k) -> \
      ADD(killed, k); DROP(published, k); \
      printf("> key %d is killed\n", k); check() } \
  :: d_step { made > k && !HAS(stolen, k) -> \
      ADD(stolen, k); \
      printf("> key %d is stolen\n", k); check() } \
  :: d_step { HAS(killed, k) && !HAS(applied, k) -> \
      ADD(applied, k); DROP(fetched, k); forget(k); \
      TAKE_ALONG(0, k); TAKE_ALONG(1, k); TAKE_ALONG(2, k); TAKE_ALONG(THIEFS, k); \
      printf("> the verifier applies the kill of key %d\n", k); check() }

#define SIGNED_BY(v, k) \
  :: d_step { HAS(published, v) && HAS(published, k) && !HAS(vouches[v], k) -> \
      ADD(vouches[v], k); \
      printf("> the issuer signs for key %d by key %d\n", k, v); check() }

#ifdef MUTANT_CHAIN
#define MAY_VOUCH(v) HAS(KNOWN, v)
#elif defined(MUTANT_FIRST)
#define MAY_VOUCH(v) (HAS(fetched, v) || !ever)
#else
#define MAY_VOUCH(v) HAS(fetched, v)
#endif
#ifdef MUTANT_RETURNS
#define MAY_BE(k) (!HAS(fetched, k) && !HAS(vouched, k))
#elif defined(MUTANT_RENAMED)
#define MAY_BE(k) (!HAS(applied, k) && !HAS(vouched, k))
#else
#define MAY_BE(k) (!HAS(applied, k) && !HAS(fetched, k) && !HAS(vouched, k))
#endif

inline take(v, k) {
  ADD(vouched, k);
  voucher[k] = v
}

/* A vouch arrives: of the issuer, by an older key. */
#define BROUGHT_BY(v, k) \
  :: d_step { HAS(vouches[v], k) && MAY_VOUCH(v) && MAY_BE(k) -> \
      take(v, k); \
      printf("> the verifier takes key %d by key %d\n", k, v); check() }

/* Or of the thief, by a stolen key: a key of its own under the name of another, or under a new one. */
#define FORGED_BY(v, k) \
  :: d_step { HAS(stolen, v) && MAY_VOUCH(v) && MAY_BE(k) -> \
      take(v, k); ADD(forged, k); \
      printf("> the verifier takes the thief's key for key %d by the stolen key %d\n", k, v); check() }

#define STOLEN_BY(v) \
  :: d_step { HAS(stolen, v) && MAY_VOUCH(v) && MAY_BE(THIEFS) -> \
      take(v, THIEFS); \
      printf("> the verifier takes the thief's key by the stolen key %d\n", v); check() }

/* And by the thief's own. */
#define BROUGHT_BY_THIEF(k) \
  :: d_step { MAY_VOUCH(THIEFS) && MAY_BE(k) -> \
      take(THIEFS, k); ADD(forged, k); \
      printf("> the verifier takes the thief's key for key %d by the thief's key\n", k); check() }

active proctype world() {
  do
  STEPS_OF(0) STEPS_OF(1) STEPS_OF(2)
  SIGNED_BY(0, 1) SIGNED_BY(0, 2) SIGNED_BY(1, 2)
  BROUGHT_BY(0, 1) BROUGHT_BY(0, 2) BROUGHT_BY(1, 2)
  FORGED_BY(0, 1) FORGED_BY(0, 2) FORGED_BY(1, 0) FORGED_BY(1, 2) FORGED_BY(2, 0) FORGED_BY(2, 1)
  STOLEN_BY(0) STOLEN_BY(1) STOLEN_BY(2)
#if defined(MUTANT_CHAIN) || defined(MUTANT_FIRST)
  /* Nothing else looks at these: the set never has a key of the thief. */
  BROUGHT_BY_THIEF(0) BROUGHT_BY_THIEF(1) BROUGHT_BY_THIEF(2)
#endif
  :: d_step { !asking ->
      asking = 1; answer = published;
      printf("> the verifier asks for the set\n"); check() }
  :: d_step { asking ->
      asking = 0; answer = 0;
      printf("> the set is not to be had\n"); check() }
  /* An answer without a key is none. */
  :: d_step { asking && (answer & ~applied) != 0 ->
#ifdef MUTANT_REVIVED
      fetched = answer;
#else
      fetched = answer & ~applied;
#endif
#ifndef MUTANT_OUTLIVES
      forget(0); forget(1); forget(2); forget(THIEFS);
#endif
      ever = 1; asking = 0; answer = 0;
      printf("> the verifier takes the set\n"); check() }
  od
}
