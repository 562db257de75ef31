/*
 * flag.check: what a flag that can be waited for promises. See check.h.
 *
 * A flag may be set while somebody polls. To come at each such moment, and each time anew, the lock of the
 * answer is ours: whenever it is given back, and whenever a waker is cloned, "another thread" may do
 * something. It is this one, which is all the same to whoever has let go of the lock.
 *
 * And whoever touches a flag without its lock is caught in the act: one flag lies in a page of memory that
 * cannot be touched at all unless the lock is held.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "t_future.h"
#include "weft.h"

static int lock_flag(pthread_mutex_t *lock);
static int unlock_flag(pthread_mutex_t *lock);

#define pthread_mutex_lock lock_flag
#define pthread_mutex_trylock lock_flag
#define pthread_mutex_unlock unlock_flag
#include "check.h"
#undef pthread_mutex_lock
#undef pthread_mutex_trylock
#undef pthread_mutex_unlock

/* --- The lock, and what happens around it --- */

static _Thread_local int n_locked;

static struct {
	struct flag *flag; /* to be set; NULL: nothing is to happen */
	int moment;        /* how many are left until then */
} other_thread;

static void moment_passes(void *ignored)
{
	struct flag *flag = other_thread.flag;

	(void)ignored;
	if (!flag || n_locked > 0 || --other_thread.moment > 0)
		return;
	other_thread.flag = NULL;
	flag_set(flag);
}

enum { PAGE = 65536 }; /* a multiple of what any machine calls a page */
static struct flag *guarded; /* NULL: none */

static void guard(int protection)
{
	if (guarded)
		mprotect(guarded, PAGE, protection);
}

static int lock_flag(pthread_mutex_t *lock)
{
	guard(PROT_READ | PROT_WRITE);
	must(n_locked == 0, "it locks a mutex that it has locked already, and would wait for itself.");
	n_locked++;
	return pthread_mutex_lock(lock);
}

static int unlock_flag(pthread_mutex_t *lock)
{
	int err = pthread_mutex_unlock(lock);

	must(n_locked == 1, "it unlocks a mutex that it has not locked.");
	n_locked--;
	guard(PROT_NONE);
	moment_passes(NULL);
	return err;
}

#define FLAG { .lock = PTHREAD_MUTEX_INITIALIZER }

static enum poll poll_once(struct future *future, struct t_waker *w)
{
	enum poll polled = t_poll(future, w);

	must(n_locked == 0, "a poll has returned, and still holds the lock.");
	return polled;
}

static void must_be_pending(struct future *future, struct t_waker *w, const char *when)
{
	must(poll_once(future, w) == POLL_PENDING, "%s, and a poll says READY.", when);
}

static void must_be_ready(struct future *future, struct t_waker *w, const char *when)
{
	must(poll_once(future, w) == POLL_READY, "%s, and a poll says PENDING.", when);
}

/* --- The promises --- */

static void look_at_set(void)
{
	struct t_waker w = t_waker();
	struct flag flag = FLAG;
	struct flag_wait wait;

	flag_set(&flag);
	must_be_ready(flag_wait(&wait, &flag), &w, "the flag was set before the first poll");
	flag_set(&flag);
	must_be_ready(flag_wait(&wait, &flag), &w, "the flag was set twice");
}

static void look_at_spurious(void)
{
	struct t_waker w = t_waker();
	struct flag flag = FLAG;
	struct flag_wait wait;
	struct future *future = flag_wait(&wait, &flag);

	for (int i = 0; i < 5; i++)
		must_be_pending(future, &w, "the flag is not set");
	flag_set(&flag);
	must_be_ready(future, &w, "the flag was set after five polls");
}

static void look_at_wake(void)
{
	struct t_waker w = t_waker();
	struct flag flag = FLAG;
	struct flag_wait wait;
	struct future *future = flag_wait(&wait, &flag);
	int n;

	must_be_pending(future, &w, "the flag is not set");
	must(t_wakes(&w) == 0, "the poll itself has called the waker. The flag is not set yet, so the next poll "
	     "would do the same, and so on without a pause.");
	doing("flag_set(&flag)");
	flag_set(&flag);
	n = t_wakes(&w);
	must(n > 0, "a future waits for the flag, flag_set is called, and the waker is not.");
	must(n == 1, "flag_set has called the waker %d times.", n);
	must_be_ready(future, &w, "the flag is set");
}

static void look_at_whom(void)
{
	struct t_waker w[3] = { t_waker(), t_waker(), t_waker() };
	struct flag flag = FLAG;
	struct flag_wait wait;
	struct future *future = flag_wait(&wait, &flag);

	for (int i = 0; i < 3; i++)
		must_be_pending(future, &w[i], "the flag is not set");
	flag_set(&flag);
	must(t_wakes(&w[2]) > 0, "three polls with three wakers, then the flag is set: the last waker is not "
	     "called, %s.", t_wakes(&w[0]) ? "but the first one" : "nor is the first one");
	must(t_wakes(&w[0]) + t_wakes(&w[1]) == 0, "three polls with three wakers, then the flag is set: an "
	     "older waker is called, too.");
}

static void look_at_clones(void)
{
	struct t_waker first = t_waker(), second = t_waker();
	struct flag flag = FLAG;
	struct flag_wait wait;
	struct future *future = flag_wait(&wait, &flag);

	for (int i = 0; i < 5; i++)
		poll_once(future, &first);
	must(t_held(&first) == 1, "after five polls with one waker there are %d clones of it, and there should be "
	     "one.", t_held(&first));
	poll_once(future, &second);
	must(t_held(&first) == 0, "after a poll with another waker the old one still has a clone.");
	flag_set(&flag);
	poll_once(future, &second);
	must(t_held(&second) == 0, "the flag was set, the future is READY, and of the waker %s.",
	     t_held(&second) > 0 ? "a clone is left" : "more was given up than was cloned");
	future = flag_wait(&wait, &flag);
	poll_once(future, &first);
	must(t_held(&first) == 0, "the flag was set before the first poll, which was READY, and of its waker a "
	     "clone is left.");
}

/* Set at the first, second ... moment within a poll: until there is no such moment. */
static void look_at_lost_wakes(void)
{
	for (int moment = 1; moment < 20; moment++) {
		struct t_waker w = t_waker();
		struct flag flag = FLAG;
		struct flag_wait wait;
		struct future *future = flag_wait(&wait, &flag);

		w.on_clone = moment_passes;
		other_thread.flag = &flag;
		other_thread.moment = moment;
		if (poll_once(future, &w) == POLL_PENDING && !other_thread.flag) {
			must(t_wakes(&w) > 0, "while it is polled, another thread sets the flag, and finds no waker. "
			     "Then the poll leaves its waker there, and says PENDING: nobody will ever call it.");
			must_be_ready(future, &w, "the flag was set during the poll before");
		}
		if (other_thread.flag)
			break;
	}
	other_thread.flag = NULL;
}

static void must_be_unlocked(void *what)
{
	must(n_locked == 0, "a waker is %s while the lock is held.", (const char *)what);
}

static void clone_is_unlocked(void *ignored)
{
	(void)ignored;
	must_be_unlocked("cloned");
}

static void wake_is_unlocked(void *ignored)
{
	(void)ignored;
	must_be_unlocked("called");
}

static void drop_is_unlocked(void *ignored)
{
	(void)ignored;
	must_be_unlocked("dropped");
}

static void look_at_locks(void)
{
	struct t_waker w[2] = { t_waker(), t_waker() };
	struct flag flag = FLAG;
	struct flag_wait wait;
	struct future *future = flag_wait(&wait, &flag);

	for (int i = 0; i < 2; i++) {
		w[i].on_clone = clone_is_unlocked;
		w[i].on_wake = wake_is_unlocked;
		w[i].on_drop = drop_is_unlocked;
	}
	poll_once(future, &w[0]);
	poll_once(future, &w[1]);
	must(t_held(&w[1]) > 0, "the flag has no waker yet, so there is nothing to be seen of that.");
	future_drop(future);
	future = flag_wait(&wait, &flag);
	poll_once(future, &w[0]);
	flag_set(&flag);
	poll_once(future, &w[1]);
}

static void look_at_drop(void)
{
	struct t_waker w = t_waker();
	struct flag flag = FLAG;
	struct flag_wait wait;
	struct future *future = flag_wait(&wait, &flag);

	must_be_pending(future, &w, "the flag is not set");
	must(t_held(&w) > 0, "a poll says PENDING, and the flag has no waker that could be taken out.");
	future_drop(future);
	must(t_held(&w) == 0, "the future was dropped while it waited, and the flag %s.",
	     t_held(&w) > 0 ? "still has its waker" : "has given up its waker twice");
	doing("flag_set(&flag), after the future was dropped,");
	flag_set(&flag);
	must(t_wakes(&w) == 0, "the future was dropped, then the flag is set, and wakes somebody who no longer "
	     "waits.");
	future_drop(flag_wait(&wait, &flag));
}

static void on_touch(int signal, siginfo_t *info, void *context)
{
	const char *at = info->si_addr, *flag = (const char *)guarded;

	(void)signal, (void)context;
	must(at < flag || at >= flag + sizeof *guarded, "it touches `%s` of the flag, and does not hold the lock.",
	     at >= (const char *)&guarded->waker ? "waker" : at >= (const char *)&guarded->is_set ? "is_set" : "lock");
	must(false, "it follows a pointer that points nowhere.");
}

/* What is atomic may be touched by anybody. */
#define IS_PLAIN _Generic(&guarded->is_set, bool *: true, default: false)

static void look_at_guarded(void)
{
	struct t_waker w[2] = { t_waker(), t_waker() };
	struct flag_wait wait;
	struct future *future;

	if (!IS_PLAIN)
		return;
	guarded = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(guarded != MAP_FAILED, "there is no memory for it.");
	*guarded = (struct flag)FLAG;
	future = flag_wait(&wait, guarded);
	sigaction(SIGSEGV, &(struct sigaction){ .sa_sigaction = on_touch, .sa_flags = SA_SIGINFO }, NULL);
	guard(PROT_NONE);
	poll_once(future, &w[0]);
	poll_once(future, &w[1]);
	future_drop(future);
	future = flag_wait(&wait, guarded);
	poll_once(future, &w[0]);
	flag_set(guarded);
	poll_once(future, &w[1]);
	guard(PROT_READ | PROT_WRITE);
}

static void *set_it(void *flag)
{
	flag_set(flag);
	return NULL;
}

static void look_at_threads(void)
{
	for (int round = 0; round < 300; round++) {
		struct flag flag = FLAG;
		struct flag_wait wait;
		struct future *future = flag_wait(&wait, &flag);
		pthread_t thread;
		int err;

		must(pthread_create(&thread, NULL, set_it, &flag) == 0, "there is no thread to set it with.");
		doing("block_on_park, waiting for a flag that a thread has set,");
		err = block_on_park(future);
		pthread_join(thread, NULL);
		must(err != -EDEADLK, "round %d: block_on_park says -EDEADLK: it sleeps, and nobody is left who could "
		     "wake it.", round);
		must(err == 0, "round %d: block_on_park says %d.", round, err);
	}
}

const struct check checks[] = {
	{ "a flag that was set is ready at the first poll", look_at_set,
	  "There is nothing to wait for, and nobody will set it again, so nobody would wake.", 1 },
	{ "a poll for no reason changes nothing", look_at_spurious,
	  "Polls come for many reasons: a neighbour in a join was woken, the same event was told twice. A "
	  "future that believes that it is polled because its event has come is wrong sooner or later.", 1 },
	{ "flag_set wakes whoever waits", look_at_wake,
	  "PENDING was a promise that somebody has the waker. Whoever makes the event happen has to call it.", 1 },
	{ "it wakes the waker of the latest poll, and no other", look_at_whom,
	  "Who polls may change: a future can be handed from one task to another. The waker of an earlier poll "
	  "wakes somebody who no longer waits for it.", 2 },
	{ "each clone of a waker is given up once", look_at_clones,
	  "A waker is an owned value. A clone that is forgotten keeps its task in memory for ever.", 2 },
	{ "no wake is lost, at whatever moment the flag is set", look_at_lost_wakes,
	  "To look at the flag and to leave a waker must be one step. Whoever sets the flag comes before it, and "
	  "then the poll sees that; or after it, and then he finds the waker.", 3 },
	{ "the flag is touched only under its lock", look_at_guarded,
	  "Another thread may be writing just now. That what you read then is of any use is promised by nobody: not "
	  "by the processor, and not by C.", 3 },
	{ "no lock is held while a waker is cloned, called or dropped", look_at_locks,
	  "A waker is somebody else's code. It may take locks of its own, poll at once, drop the future that it "
	  "wakes, and so come back to this very lock.", 3 },
	{ "a drop takes the waker out of the flag", look_at_drop,
	  "After a drop nobody may have anything of the future: its memory, and the task, may be gone.", 2 },
	{ "a thread sets it, an executor waits for it", look_at_threads,
	  "Three hundred times, and whoever comes first.", 3 },
	{ 0 }
};
