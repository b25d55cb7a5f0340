"""Every question that is asked, as GraphQL documents.

The name of the custom field is a word of the schema, so it can't be a variable: it is put in once,
and an alias gives it the same name in all answers.
"""

from typing import Final

_FIELD: Final = "ATTEMPT_FIELD"

_ORDER: Final = """
fragment Cart on Order {
  id code state currencyCode totalWithTax
  lines { id quantity unitPrice unitPriceWithTax productVariant { sku } }
  payments { state }
  customFields { attempt: ATTEMPT_FIELD }
}
"""
_RESULT: Final = "{ __typename ...Cart ... on ErrorResult { errorCode } }"
_STOCK_RESULT: Final = (
    "{ __typename ...Cart ... on ErrorResult { errorCode }"
    " ... on InsufficientStockError { quantityAvailable } }"
)

ACTIVE_ORDER: Final = "query { activeOrder { ...Cart } }" + _ORDER
# Of all mutations that make an order where there is none, the one that adds nothing to it.
OPEN: Final = f"""
mutation($currency: CurrencyCode!) {{
  setCurrencyCodeForOrder(currencyCode: $currency) {_RESULT}
}}{_ORDER}"""
ADD: Final = f"""
mutation($variant: ID!, $qty: Int!) {{
  addItemToOrder(productVariantId: $variant, quantity: $qty) {_STOCK_RESULT}
}}{_ORDER}"""
ADJUST: Final = f"""
mutation($line: ID!, $qty: Int!) {{
  adjustOrderLine(orderLineId: $line, quantity: $qty) {_STOCK_RESULT}
}}{_ORDER}"""
REMOVE: Final = f"""
mutation($line: ID!) {{
  removeOrderLine(orderLineId: $line) {_RESULT}
}}{_ORDER}"""
MOVE: Final = f"""
mutation($state: String!) {{
  transitionOrderToState(state: $state) {_RESULT}
}}{_ORDER}"""
ADDRESS: Final = f"""
mutation(
  $customer: CreateCustomerInput!, $address: CreateAddressInput!, $fields: UpdateOrderInput!
) {{
  customer: setCustomerForOrder(input: $customer) {_RESULT}
  address: setOrderShippingAddress(input: $address) {_RESULT}
  attempt: setOrderCustomFields(input: $fields) {_RESULT}
}}{_ORDER}"""
SHIPPING: Final = "query { eligibleShippingMethods { id code priceWithTax } }"
SHIP: Final = f"""
mutation($method: [ID!]!, $state: String!) {{
  shipping: setOrderShippingMethod(shippingMethodId: $method) {_RESULT}
  state: transitionOrderToState(state: $state) {_RESULT}
}}{_ORDER}"""
PAY: Final = f"""
mutation($input: PaymentInput!) {{
  addPaymentToOrder(input: $input) {_RESULT}
}}{_ORDER}"""

LOGIN: Final = """
mutation($username: String!, $password: String!) {
  login(username: $username, password: $password) {
    __typename ... on ErrorResult { errorCode }
  }
}"""
ORDERS: Final = """
query($filter: OrderFilterParameter!) {
  orders(options: { filter: $filter, take: 10 }) {
    items { id code state currencyCode totalWithTax orderPlacedAt payments { state } }
  }
}"""
VARIANTS: Final = """
query($sku: String!) {
  productVariants(options: { filter: { sku: { eq: $sku } }, take: 2 }) { items { id sku } }
}"""


def with_field(document: str, name: str) -> str:
    """Return the document with the name of the custom field that holds the attempt id."""
    return document.replace(_FIELD, name)
