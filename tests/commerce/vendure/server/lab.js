// The means of a test to make the shop misbehave, and to know when it is done.
const { Order, RequestContext, SessionService, TransactionalConnection, User } =
  require('@vendure/core');

const state = { app: undefined, busy: 0, loseNext: false, waiting: [] };

exports.attach = app => {
  state.app = app;
};

// A request is busy until its answer is written, also when nobody waits for that any more.
exports.watch = (req, res, next) => {
  const end = res.end;
  state.busy += 1;
  res.end = (...rest) => {
    res.end = end;
    state.busy -= 1;
    return res.isLost ? res.destroy() : end.apply(res, rest);
  };
  next();
};

// The payment is kept: the answer is written after its transaction.
exports.loseAnswer = (res, isLost) => {
  res.isLost = isLost || state.loseNext;
  state.loseNext = false;
};

exports.released = () => new Promise(resolve => state.waiting.push(resolve));

const deeds = {
  release: async () => {
    state.waiting.splice(0).forEach(resolve => resolve());
  },
  'lose-next': async () => {
    state.loseNext = true;
  },
  settle: async () => {
    while (state.busy > 0) {
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  },
  // The session of an order is gone, as after its time or with a lost database.
  expire: async code => {
    const order = await orders().findOneByOrFail({ code });
    await state.app.get(SessionService).deleteSessionsByActiveOrderId(RequestContext.empty(), order.id);
  },
  // Every administrator has to log in again.
  'log-out': async () => {
    const users = await state.app
      .get(TransactionalConnection)
      .rawConnection.getRepository(User)
      .findBy({ identifier: process.env.ADMIN_USERNAME });
    for (const user of users) {
      await state.app.get(SessionService).deleteSessionsByUser(RequestContext.empty(), user);
    }
  },
  // The session stays, and its order is no cart any more.
  close: async code => {
    await orders().update({ code }, { active: false });
  },
};

const orders = () => state.app.get(TransactionalConnection).rawConnection.getRepository(Order);

exports.control = (req, res) => {
  const [deed, code] = req.path.slice(1).split('/');
  deeds[deed](code).then(
    () => res.status(204).end(),
    error => res.status(500).end(String(error)),
  );
};
