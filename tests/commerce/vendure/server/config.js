// A shop as plain as can be, and as unreliable as a test asks for.
const { createHash } = require('node:crypto');
const { DefaultLogger, LanguageCode, LogLevel, PaymentMethodHandler } =
  require('@vendure/core');
const lab = require('./lab');

const database = new URL(process.env.DATABASE_URL);

// What the payment page gave decides: "decline", "error", "crash" (after the money is taken),
// "drop" (the answer gets lost), "wait" (the gateway is late until the test lets it go on), "part"
// (only half of it is paid), "authorize".
const payment = new PaymentMethodHandler({
  code: 'test-payment',
  description: [{ languageCode: LanguageCode.en, value: 'Test payment' }],
  args: {},
  createPayment: async (ctx, order, amount, args, { token = '', reference }) => {
    const metadata = { reference };
    if (token === 'decline') {
      return { amount, state: 'Declined', errorMessage: 'card declined', metadata };
    }
    if (token === 'error') {
      return { amount, state: 'Error', errorMessage: 'gateway unreachable', metadata };
    }
    if (token === 'crash') {
      throw new Error('the gateway answered with nonsense');
    }
    if (token === 'wait') {
      await lab.released();
    }
    if (token === 'part') {
      const half = Math.floor(amount / 2);
      return { amount: half, state: 'Settled', transactionId: `txn-${reference}`, metadata };
    }
    if (token === 'authorize') {
      return { amount, state: 'Authorized', transactionId: `txn-${reference}`, metadata };
    }
    lab.loseAnswer(ctx.req.res, token === 'drop');
    return { amount, state: 'Settled', transactionId: `txn-${reference}`, metadata };
  },
  settlePayment: () => ({ success: true }),
});

exports.config = {
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(process.env.PORT || 0),
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
    cors: false,
    middleware: [
      { route: '/shop-api', handler: lab.watch, beforeListen: true },
      { route: '/lab', handler: lab.control, beforeListen: true },
    ],
  },
  authOptions: {
    tokenMethod: 'bearer',
    // Each provider of a test logs in; bcrypt would take its time each time.
    passwordHashingStrategy: {
      hash: async password => createHash('sha256').update(password).digest('hex'),
      check: async (password, hash) =>
        createHash('sha256').update(password).digest('hex') === hash,
    },
    superadminCredentials: {
      identifier: process.env.ADMIN_USERNAME,
      password: process.env.ADMIN_PASSWORD,
    },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: database.hostname,
    port: Number(database.port),
    username: database.username,
    database: database.pathname.slice(1),
    synchronize: process.env.SYNCHRONIZE === 'true',
    logging: false,
  },
  customFields: {
    Order: [{ name: 'externalKey', type: 'string', nullable: true, public: true }],
  },
  paymentOptions: { paymentMethodHandlers: [payment] },
  logger: new DefaultLogger({ level: LogLevel.Warn }),
};
