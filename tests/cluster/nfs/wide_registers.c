/* Lets user-mode Linux (UML) run on a processor that has more registers than UML knows (AMX).

   Linux takes the extended registers of a process only as a whole. UML 6.1 keeps their first 2,696
   bytes, so Linux refuses what UML gives back, and UML ends. Preloaded into linux.uml, this puts
   UML's part into the whole. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

static long (*real)(enum __ptrace_request, ...);
static char whole[1 << 14]; /* not on the stack: the stacks of UML are small; it has one thread */

__attribute__((constructor)) static void find_real(void) {
    real = (long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
}

static long set_part(long pid, void *kind, const struct iovec *part) {
    struct iovec all = {whole, sizeof whole};
    long failed = real(PTRACE_GETREGSET, pid, kind, &all);
    if (failed) return failed;
    memcpy(whole, part->iov_base, part->iov_len < all.iov_len ? part->iov_len : all.iov_len);
    return real(PTRACE_SETREGSET, pid, kind, &all);
}

long ptrace(enum __ptrace_request request, ...) {
    va_list given;
    va_start(given, request);
    long pid = va_arg(given, long);
    void *address = va_arg(given, void *), *data = va_arg(given, void *);
    va_end(given);
    if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE)
        return set_part(pid, address, data);
    return real(request, pid, address, data);
}
