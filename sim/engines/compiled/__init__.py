"""The compiled engine: the model of `simpy_engine` over flat records, compiled by numba.

Lay the two side by side: files and functions have the same names. What differs:

* objects are records in pools, and refer to each other by number (0 is nobody); `garbage` frees them;
* what a function does last it may call; what has to happen after something that goes far (a message
  that arrives at once may start anything) is put on a stack of tasks first (`tasks`). So nothing calls
  itself, and between two tasks the kernel can stop, let Python enlarge a pool, and go on.
"""

from sim.engines.compiled import luck as luck  # for whoever calls sim.luck in compiled code
