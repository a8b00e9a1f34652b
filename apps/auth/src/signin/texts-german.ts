import type { Translation } from './texts-english.ts';

export const GERMAN: Translation = {
  texts: {
    signInTitle: 'Anmelden',
    continueTo: 'weiter zu',
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    signIn: 'Anmelden',
    forgotLink: 'Passwort vergessen?',
    signUpLink: 'Konto anlegen',
    signInLink: 'Anmelden',
    stepTitle: 'Noch ein Schritt',
    stepAbout: 'Für dieses Konto ist ein zweiter Nachweis nötig.',
    stepMethod: 'Auswahl',
    stepAnswer: 'Code',
    stepButton: 'Weiter',
    startAgain: 'Von vorn beginnen',
    signUpTitle: 'Konto anlegen',
    name: 'Name',
    optional: 'freiwillig',
    passwordHint:
      'Mindestens 15 Zeichen. Gut sind vier Wörter ohne Zusammenhang oder ein Passwort aus einem Passwortmanager.',
    signUp: 'Konto anlegen',
    sentTitle: 'Sehen Sie in Ihr Postfach',
    signUpSent:
      'Wir haben Ihnen eine E-Mail geschickt. Bestätigen Sie mit dem Link darin Ihre Adresse und melden Sie sich dann an. Der Link gilt einmal, 24 Stunden lang.',
    forgotTitle: 'Neues Passwort setzen',
    forgotAbout: 'Nennen Sie die Adresse Ihres Kontos. Wir schicken einen Link dorthin.',
    forgotButton: 'Link schicken',
    forgotSent:
      'Wenn es ein Konto mit dieser Adresse gibt, haben wir eine E-Mail dorthin geschickt. Der Link darin gilt einmal, 30 Minuten lang.',
    signedInTitle: 'Sie sind angemeldet',
    signedInAbout: 'Sie können diese Seite schließen.',
    signOut: 'Abmelden',
    signOutTitle: 'Abmelden',
    signOutAbout: 'Damit endet Ihre Sitzung in diesem Browser.',
    signedOutTitle: 'Sie sind abgemeldet',
    signedOutAbout: 'Die Sitzung dieses Browsers ist beendet.',
    errorTitle: 'Das geht so nicht',
    unknownApplication:
      'Die Anwendung hat Sie mit einer Adresse hierher geschickt, die sie nicht angemeldet hat. Gehen Sie zu ihr zurück oder sagen Sie es ihrem Betreiber.',
    backToSignIn: 'Zurück zur Anmeldung',
  },
  methods: {
    totp: 'Code Ihrer Authenticator-App',
    'recovery-code': 'Wiederherstellungscode',
  },
  refusals: {
    invalid_request: 'Die Eingabe ist unvollständig oder hat eine falsche Form.',
    invalid_credentials: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
    challenge_failed: 'Der Code ist falsch.',
    invalid_challenge:
      'Dieser Schritt ist abgelaufen, benutzt oder ungültig. Melden Sie sich noch einmal an.',
    cross_site: 'Das Formular kam nicht von dieser Seite. Öffnen Sie sie noch einmal.',
    rate_limited: 'Zu viele Versuche. Warten Sie, und versuchen Sie es dann noch einmal.',
    overloaded: 'Der Dienst ist ausgelastet. Versuchen Sie es gleich noch einmal.',
    unavailable: 'Ein Teil des Dienstes fehlt gerade. Versuchen Sie es später noch einmal.',
    internal: 'Bei uns ist etwas schiefgegangen.',
  },
  other: 'Die Anfrage wurde abgelehnt.',
  issues: [
    ['Too short', 'Das Passwort ist zu kurz: mindestens 15 Zeichen.'],
    ['Too long', 'Das Passwort ist zu lang: höchstens 256 Zeichen.'],
    ['One character', 'Ein wiederholtes Zeichen ist leicht zu erraten.'],
    ['It is among', 'Dieses Passwort wird von Angreifern zuerst probiert.'],
    [
      'Easy to guess',
      'Das Passwort ist leicht zu erraten: Es besteht aus häufigen Passwörtern, benachbarten Tasten oder Wiederholungen.',
    ],
    ['It contains', 'Das Passwort enthält die E-Mail-Adresse oder den Namen des Kontos.'],
  ],
};
