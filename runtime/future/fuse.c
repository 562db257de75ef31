/* fuse: two futures over one child, the whole and the loan. See fuse.h. */
#include "future/fuse.h"

/*
 * The child may have ended through a loan, of which the whole has not heard: never ready, like
 * Rust's. The whole's own end is the ordinary one: a join reads off its ops that it is done.
 */
static enum poll fuse_poll(struct future *f, struct context *cx)
{
	struct fuse *u = future_of(f, struct fuse);

	return fuse_is_terminated(u) ? POLL_PENDING : future_poll(u->child, cx);
}

/* A loan does not outlive what was lent. */
static void fuse_drop(struct future *f)
{
	struct fuse *u = future_of(f, struct fuse);

	future_drop(&u->loan);
	future_drop(u->child);
}

static struct future *fuse_child(struct future *f, unsigned i)
{
	struct fuse *u = future_of(f, struct fuse);

	return i == 0 && !fuse_is_terminated(u) ? u->child : NULL;
}

static const struct future_ops fuse_ops =
	FUTURE_OPS_PARENT("fuse", fuse_poll, fuse_drop, fuse_child);

static struct fuse *lender(struct future *loan)
{
	return (struct fuse *)(void *)((char *)loan - offsetof(struct fuse, loan));
}

static enum poll loan_poll(struct future *f, struct context *cx)
{
	return future_poll(lender(f)->child, cx);
}

static struct future *loan_child(struct future *f, unsigned i)
{
	return fuse_child(&lender(f)->future, i);
}

static const struct future_ops loan_ops =
	FUTURE_OPS_PARENT("fuse_again", loan_poll, NULL, loan_child);

struct future *fuse(struct fuse *u, struct future *child)
{
	bug_unless(child);
	*u = (struct fuse){ .future = future_init(&fuse_ops), .child = child };
	return &u->future;
}

struct future *fuse_again(struct fuse *u)
{
	bug_unless(u->child && !future_is_live(&u->loan));
	if (fuse_is_terminated(u))
		return NULL;
	u->loan = future_init(&loan_ops);
	return &u->loan;
}

bool fuse_is_terminated(const struct fuse *u)
{
	return !u->child || future_is_over(u->child);
}
