// A shop that needs nothing but PostgreSQL: no Redis, no admin pages, no search for updates.
const { join } = require("node:path")
const { defineConfig } = require("@medusajs/framework/utils")

const nowhere = "http://localhost"

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: {
      storeCors: nowhere,
      adminCors: nowhere,
      authCors: nowhere,
      jwtSecret: "of-a-throw-away-shop",
      cookieSecret: "of-a-throw-away-shop",
    },
  },
  modules: [
    {
      resolve: "@medusajs/medusa/payment",
      options: { providers: [{ resolve: join(__dirname, "payment"), id: "steered" }] },
    },
  ],
})
