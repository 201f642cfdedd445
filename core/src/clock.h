#ifndef PLEURA_CLOCK_H
#define PLEURA_CLOCK_H

/* Milliseconds from some moment, on a clock that is never set back where there is one. */
double pleura_clock_ms(void);

#endif
