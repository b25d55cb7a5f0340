// A payment gateway that does what the payment's token says, so that a test can make each fault:
// "decline", "refuse-later" (fails inside), "more" (asks the shopper), "defer" (pays later), and
// "slow-1500" (authorizes after so many milliseconds). Anything else is authorized at once.
const {
  AbstractPaymentProvider,
  ModuleProvider,
  Modules,
} = require("@medusajs/framework/utils")

const STATES = { decline: "error", more: "requires_more", defer: "pending_authorization" }

class SteeredPayment extends AbstractPaymentProvider {
  static identifier = "steered"

  async initiatePayment(input) {
    return { id: input.context?.idempotency_key ?? "session", data: input.data ?? {} }
  }

  async authorizePayment(input) {
    const token = String(input.data?.token ?? "")
    if (token === "refuse-later") throw new Error("the gateway broke off")
    const slow = /^slow-(\d+)$/.exec(token)
    if (slow) await new Promise((done) => setTimeout(done, Number(slow[1])))
    return { data: input.data, status: STATES[token] ?? "authorized" }
  }

  async getPaymentStatus() {
    return { status: "authorized" }
  }

  async getWebhookActionAndData() {
    return { action: "not_supported" }
  }

  async cancelPayment(input) {
    return { data: input.data }
  }

  async capturePayment(input) {
    return { data: input.data }
  }

  async deletePayment(input) {
    return { data: input.data }
  }

  async refundPayment(input) {
    return { data: input.data }
  }

  async retrievePayment(input) {
    return { data: input.data }
  }

  async updatePayment(input) {
    return { data: input.data }
  }
}

module.exports = ModuleProvider(Modules.PAYMENT, { services: [SteeredPayment] })
