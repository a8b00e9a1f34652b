import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Cookies belong to one host: the page, auth, user and the API are reached below this one, and see its name. */
const below = (target: string) => ({
  target,
  changeOrigin: false,
  rewrite: (path: string) => path.replace(/^\/(?:auth|user|api)/, ''),
});
const { AUTH = 'http://localhost:4000', USER = 'http://localhost:4001' } = process.env;
const { API = 'http://127.0.0.1:4010' } = process.env;
const proxy = { '/auth/': below(AUTH), '/user/': below(USER), '/api/': below(API) };

export default defineConfig({
  plugins: [react()],
  server: { port: 4011, strictPort: true, proxy },
  preview: { port: 4011, strictPort: true, proxy },
});
