// Fills an empty database: one country, one tax of 10 %, one flat shipping rate, one payment
// method, and the products of products.csv.
const path = require('node:path');
const { bootstrap, ChannelService, RequestContextService } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config');

const initialData = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  countries: [{ name: 'Germany', code: 'DE', zone: 'Europe' }],
  taxRates: [{ name: 'Standard Tax', percentage: 10 }],
  shippingMethods: [{ name: 'Standard Shipping', price: 500 }],
  paymentMethods: [{ name: 'test-payment', handler: { code: 'test-payment', arguments: [] } }],
  collections: [],
};

const shop = async () => {
  const app = await bootstrap(config);
  const ctx = await app.get(RequestContextService).create({ apiType: 'admin' });
  const { id } = await app.get(ChannelService).getDefaultChannel();
  const currency = process.env.CURRENCY;
  await app.get(ChannelService).update(ctx, {
    id,
    defaultCurrencyCode: currency,
    availableCurrencyCodes: [currency],
  });
  return app;
};

populate(shop, initialData, path.join(__dirname, 'products.csv'))
  .then(app => app.close())
  .then(
    () => process.exit(0),
    error => {
      console.error(error);
      process.exit(1);
    },
  );
