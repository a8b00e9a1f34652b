/** Words of before 0.2.0, which do not come back. */

/** Names of functions, types and constants. */
export const FORMER_NAMES = `
  ACROSS_ACCOUNTS Arrivals atDoor AuditKeeper AwaitedBus benchCrowd BetweenInstances
  BetweenInstancesOptions composeVerifierSide COOKIES_AS_THEY_ARE createCreateClient
  createJudgePassword createKeepToLimit createMakeChange createNewcomers createStandingOf Crossing
  Crowd crowdAnswer CrowdAnswer Crowding crowdQuestion CrowdQuestion CrowdSettings crowdSettings
  cutOfAccessToken cutOff cutOnRevocation cutSignedBy cutToken demandFeed demandHeld demandNoProof
  demandOwnPage demandPolicy demandPossession DemandPossession Demands demandUsable discountTheSilent
  endBeyond endOfSession endReused EVERYBODY Fallen farewell Farewell farewells forMachine forPerson
  giveBack GivenUp HANDED_OUT HeldSocket isAtHome isForGood isWorn judgeMembers JudgePassword
  KeepToLimit keepToLimit KeyMaking lastMoment LEFT_ALONE LEFT_ALONE_MS LetterDependencies LETTERS
  letterText LetterText MakeChange makeChange MAX_TOLD Newcomers newsBy nobodys nobodyToAsk noSooner
  NothingBeyond OfAnotherClient OfferedCredentials offeredScheme PASSED_ON PEOPLE PEOPLE_AT_ONCE
  PEOPLE_AT_WORK personIn questionsOfSomebodyElse RefreshDemands RefusedForGood sessionsBeyond
  signAsStranger spendOnce SpendOnce spentProofs StandingOf standingOfClient standingOfMachine
  standingOfPerson standingOfUser STRANGER STRANGER_AT_ACCOUNT strangersKey surveyJson TAKE_OFF
  takeAfter TakenBack  tellGone tellMails tokenCut toldFrom unpromised usedUp usesUp
  VerifierSideParts VerifierSpot verifyAtOnce whileHeld whoLogsOut WhoLogsOut withoutAddress
  writeLetter WrittenLetter
`
  .trim()
  .split(/\s+/);

/** Parts of names that say neither who nor what: the field has "user", "client", "caller", "other". */
export const VAGUE_WORDS = `
  anybody anyone everybody nobody somebody whoever stranger strangers person persons people told untold
  farewell farewells needless doubtful unpromised furnish crowd crowding
`
  .trim()
  .split(/\s+/);

/** Texts that a reader, a wire or a log sees; each a regular expression, in any case. */
export const FORMER_TEXTS: readonly string[] = [
  'farewells?',
  'unpromised',
  'doubtful',
  'needless',
  'held-back',
  'verify-again',
  'email-change-asked',
  'verification-asked',
  'reset-asked',
  String.raw`login\.attacked`,
  String.raw`client\.ensured`,
  String.raw`session\.oldest-ended`,
  String.raw`revocation\.v1\.changed`,
  'spent_proofs',
  "nobody(?:'s)?",
  "somebody(?:'s)?",
  'everybody',
  'whoever',
  "strangers?(?:'s)?",
  'persons?',
  'taken back',
  'for good',
  'went away',
  String.raw`(?:is|are) (?:still )?away`,
  'is back',
  'at home',
];
