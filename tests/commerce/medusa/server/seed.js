// Fills the shop: one sales channel, one place, a region for each currency, and the products that
// SEED names as [{sku, name, price, stock}] (price in minor units of two digits). The keys of the
// shop are written to keys.json.
const { writeFileSync } = require("node:fs")
const { ContainerRegistrationKeys, Modules } = require("@medusajs/framework/utils")
const flows = require("@medusajs/medusa/core-flows")

const REGIONS = { eur: ["de", "fr"], usd: ["us"] }
const PAYMENT_PROVIDERS = ["pp_steered_steered", "pp_system_default"]

exports.default = async function seed({ container }) {
  const run = async (workflow, input) => (await workflow(container).run({ input })).result
  const link = container.resolve(ContainerRegistrationKeys.LINK)
  const currencies = Object.keys(REGIONS)
  const countries = Object.values(REGIONS).flat()

  const [channel] = await run(flows.createSalesChannelsWorkflow, {
    salesChannelsData: [{ name: "Web" }],
  })
  await run(flows.createRegionsWorkflow, {
    regions: currencies.map((code) => ({
      name: code.toUpperCase(),
      currency_code: code,
      countries: REGIONS[code],
      payment_providers: PAYMENT_PROVIDERS,
    })),
  })
  await run(
    flows.createTaxRegionsWorkflow,
    countries.map((country_code) => ({ country_code, provider_id: "tp_system" })),
  )
  const [place] = await run(flows.createStockLocationsWorkflow, {
    locations: [{ name: "Hall", address: { address_1: "1 Yard", city: "Berlin", country_code: "DE" } }],
  })
  await run(flows.linkSalesChannelsToStockLocationWorkflow, { id: place.id, add: [channel.id] })
  const profile = await shippingProfile(container, run)
  await shipping(container, run, link, place, profile, currencies, countries)
  await products(container, run, channel, place, profile, currencies)

  const key = (title, type) => ({ title, type, created_by: "" })
  const [publishable, secret] = await run(flows.createApiKeysWorkflow, {
    api_keys: [key("store", "publishable"), key("back office", "secret")],
  })
  await run(flows.linkSalesChannelsToApiKeyWorkflow, { id: publishable.id, add: [channel.id] })
  writeFileSync(
    "keys.json",
    JSON.stringify({ publishableKey: publishable.token, secretKey: secret.token }),
  )
}

async function shipping(container, run, link, place, profile, currencies, countries) {
  const fulfillment = container.resolve(Modules.FULFILLMENT)
  const set = await fulfillment.createFulfillmentSets({
    name: "Parcels",
    type: "shipping",
    service_zones: [
      { name: "All", geo_zones: countries.map((country_code) => ({ country_code, type: "country" })) },
    ],
  })
  const at = { [Modules.STOCK_LOCATION]: { stock_location_id: place.id } }
  await link.create({ ...at, [Modules.FULFILLMENT]: { fulfillment_provider_id: "manual_manual" } })
  await link.create({ ...at, [Modules.FULFILLMENT]: { fulfillment_set_id: set.id } })
  await run(flows.createShippingOptionsWorkflow, [
    {
      name: "Standard",
      price_type: "flat",
      provider_id: "manual_manual",
      service_zone_id: set.service_zones[0].id,
      shipping_profile_id: profile,
      type: { label: "Standard", description: "In two days.", code: "standard" },
      prices: currencies.map((currency_code) => ({ currency_code, amount: 5 })),
      rules: [
        { attribute: "enabled_in_store", value: "true", operator: "eq" },
        { attribute: "is_return", value: "false", operator: "eq" },
      ],
    },
  ])
}

async function shippingProfile(container, run) {
  const [there] = await container.resolve(Modules.FULFILLMENT).listShippingProfiles({ type: "default" })
  if (there) return there.id
  const [made] = await run(flows.createShippingProfilesWorkflow, {
    data: [{ name: "Default", type: "default" }],
  })
  return made.id
}

async function products(container, run, channel, place, profile, currencies) {
  const shelf = JSON.parse(process.env.SEED)
  await run(flows.createProductsWorkflow, {
    products: shelf.map((good) => ({
      title: good.name,
      handle: good.sku,
      status: "published",
      shipping_profile_id: profile,
      options: [{ title: "Kind", values: ["Only"] }],
      sales_channels: [{ id: channel.id }],
      variants: [
        {
          title: "Only",
          sku: good.sku,
          manage_inventory: good.stock !== null,
          options: { Kind: "Only" },
          prices: currencies.map((currency_code) => ({ currency_code, amount: good.price / 100 })),
        },
      ],
    })),
  })
  const stock = Object.fromEntries(shelf.map((good) => [good.sku, good.stock]))
  const items = await container.resolve(Modules.INVENTORY).listInventoryItems({}, { take: 1000 })
  await run(flows.createInventoryLevelsWorkflow, {
    inventory_levels: items.map((item) => ({
      location_id: place.id,
      inventory_item_id: item.id,
      stocked_quantity: stock[item.sku] ?? 0,
    })),
  })
}
