/** The one style sheet of the pages, and their logo. An installation changes what stands in `:root`. */
export const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" role="img">
  <rect width="48" height="48" rx="12" fill="#3d5afe"/>
  <path d="M12 38V22a12 12 0 0 1 24 0v16M20 38V12.6M28 38V12.6M12 24h24M12 31h24" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/>
</svg>
`;

export const STYLE = `:root {
  color-scheme: light dark;
  --accent: #3346d3;
  --accent-hover: #2736ad;
  --on-accent: #fff;
  --background: #f3f4f8;
  --surface: #fff;
  --text: #1b1d28;
  --muted: #5a5f73;
  --border: #878da3;
  --line: #dfe1ea;
  --alert: #a3131f;
  --alert-surface: #fdecee;
  --radius: 0.75rem;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --accent: #8f9dff;
    --accent-hover: #a9b4ff;
    --on-accent: #12142b;
    --background: #101219;
    --surface: #191c26;
    --text: #eceef6;
    --muted: #a5abbf;
    --border: #757c93;
    --line: #2c3040;
    --alert: #ffb3ba;
    --alert-surface: #3b1a20;
  }
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: flex;
  flex-direction: column;
  background: var(--surface);
  color: var(--text);
  font: 1rem/1.5 var(--font);
  overflow-wrap: break-word;
}
main { width: 100%; max-width: 26rem; margin: 0 auto; padding: 2rem 1.25rem; }
.logo { display: block; width: 3rem; height: 3rem; margin-bottom: 1.25rem; }
h1 { font-size: 1.625rem; line-height: 1.2; letter-spacing: -0.01em; margin: 0; text-wrap: balance; }
.about { margin: 0.5rem 0 0; color: var(--muted); }
.about strong { color: var(--text); }
.alert {
  margin: 1.25rem 0 0;
  padding: 0.75rem 1rem;
  border-radius: var(--radius);
  background: var(--alert-surface);
  color: var(--alert);
}
form { margin: 1.5rem 0 0; }
.field { margin: 0 0 1.125rem; }
.field label, legend { display: block; padding: 0; margin: 0 0 0.375rem; font-weight: 600; font-size: 0.9375rem; }
.field .optional { font-weight: 400; color: var(--muted); }
.hint { margin: 0.375rem 0 0; font-size: 0.875rem; color: var(--muted); }
input:not([type=radio]) {
  width: 100%;
  min-height: 2.875rem;
  padding: 0.5rem 0.875rem;
  border: 1px solid var(--border);
  border-radius: var(--radius);
  background: var(--surface);
  color: inherit;
  font: inherit;
}
fieldset { border: 0; margin: 0 0 1.125rem; padding: 0; }
.choice { display: flex; gap: 0.625rem; align-items: center; min-height: 2.25rem; }
.choice input { flex: none; width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent); }
button {
  display: block;
  width: 100%;
  min-height: 2.875rem;
  padding: 0.625rem 1rem;
  border: 0;
  border-radius: var(--radius);
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
button:hover { background: var(--accent-hover); }
.quiet { border: 1px solid var(--border); background: transparent; color: var(--accent); }
.quiet:hover { background: var(--line); }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.links {
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  gap: 0.25rem 1.5rem;
  margin: 1.25rem 0 0;
  padding-top: 1rem;
  border-top: 1px solid var(--line);
}
.links a { display: inline-block; padding: 0.5rem 0; }
@media (min-width: 32rem) {
  body { background: var(--background); justify-content: center; }
  main {
    margin: 2rem auto;
    padding: 2.5rem;
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: calc(var(--radius) * 1.67);
    box-shadow: 0 0.5rem 2rem rgb(20 22 45 / 8%);
  }
}
`;
