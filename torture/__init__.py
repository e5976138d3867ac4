"""Torture: the long tiers of docs/explanation/what-we-promise.md, against a real server on this machine.

`./run torture` lists them. Each starts a fresh server in a temporary folder, listens on 127.0.0.1 only, ends what it
started and nothing else. Adding one: a module with a `main(arguments)`, and a line in `__main__.TORTURES`.

| file | what |
|---|---|
| workload, record | what is offered; what was offered and answered, as the load generator remembers it |
| load, client | the load generator, which is never killed; its HTTP connection |
| oracle | what was offered against what is stored; pure, no code of the server's |
| storage | what is stored, read through the server's rooms |
| served | the server: started, killed by the ids of its processes, asked whether it is ready |
| kill | T1, kill -9 under load |
| hasty | a server known to be bad, which T1 has to find out |
| unfenced | workers known to be bad, which T8 has to find out |
| stall | T8, a worker that sleeps past its lease |
| flood | T10, a burst, thousands of connections, bombs |
| rude | callers who are slow, broken or malicious |
"""
