#!/usr/bin/env escript
%%! +S 1:1 +P 2000000 +sbwt none -noinput
%% The same work in Erlang, on one scheduler: prints nanoseconds of processor time per thing, or bytes.
-mode(compile).

main([Name, Count]) ->
    io:format("~p~n", [measure(list_to_atom(Name), list_to_integer(Count))]).

measure(idle_bytes, Count) ->
    Before = erlang:memory(processes),
    All = start(Count),
    Bytes = (erlang:memory(processes) - Before) / Count,
    stop(All),
    Bytes;
measure(spawn, Count) ->
    work(spawn, 100),
    work(spawn, Count) / Count;
measure(Name, Count) ->
    work(Name, Count div 20),
    work(Name, Count) / Count.

work(spawn, Count) ->
    {Time, All} = timed(fun() -> start(Count) end),
    stop(All),
    Time;
work(churn, Count) ->
    {Time, _} = timed(fun() ->
        [stop(start(1000)) || _ <- lists:seq(1, Count div 1000)]
    end),
    Time;
work(tell, Count) ->
    [Process] = start(1),
    {Time, _} = timed(fun() ->
        [burst(Process, 500) || _ <- lists:seq(1, Count div 500)],
        Count = get_sum(Process)
    end),
    stop([Process]),
    Time;
work(ask, Count) ->
    [Process] = start(1),
    {Time, _} = timed(fun() -> [get_sum(Process) || _ <- lists:seq(1, Count)] end),
    stop([Process]),
    Time;
work(linked_deaths, Count) ->
    First = spawn(fun() -> counter(0) end),
    Me = self(),
    [spawn(fun() -> link(First), Me ! ready, counter(0) end) || _ <- lists:seq(2, Count)],
    [receive ready -> ok end || _ <- lists:seq(2, Count)],
    {links, Links} = process_info(First, links),
    [monitor(process, Pid) || Pid <- Links],
    {Time, _} = timed(fun() ->
        exit(First, kill),
        [receive {'DOWN', _, process, _, killed} -> ok end || _ <- Links]
    end),
    Time;
work(restart, Count) ->
    logger:set_primary_config(level, none),
    Me = self(),
    Boss = spawn(fun() -> process_flag(trap_exit, true), boss(Me) end),
    First = receive {started, Pid} -> Pid end,
    {Time, _} = timed(fun() -> crashes(First, Count) end),
    exit(Boss, kill),
    Time.

crashes(_, 0) -> ok;
crashes(Child, Left) ->
    Child ! crash,
    receive {started, Next} -> crashes(Next, Left - 1) end.

boss(Listener) ->
    spawn_link(fun() -> Listener ! {started, self()}, counter(0) end),
    receive {'EXIT', _, _} -> boss(Listener) end.

burst(_, 0) -> erlang:yield();
burst(Process, Left) -> Process ! {add, 1}, burst(Process, Left - 1).

%% A request as gen_server:call makes it: a monitor, the request, the answer.
get_sum(Process) ->
    Ref = monitor(process, Process),
    Process ! {get, self(), Ref},
    receive
        {Ref, Sum} -> demonitor(Ref, [flush]), Sum;
        {'DOWN', Ref, process, _, Reason} -> exit(Reason)
    after 5000 -> exit(timeout)
    end.

counter(Sum) ->
    receive
        {add, N} -> counter(Sum + N);
        {get, From, Ref} -> From ! {Ref, Sum}, counter(Sum);
        crash -> exit(ordered);
        stop -> ok
    end.

start(Count) ->
    All = [spawn(fun() -> counter(0) end) || _ <- lists:seq(1, Count)],
    get_sum(lists:last(All)),
    All.

stop(All) ->
    Refs = [monitor(process, Pid) || Pid <- All],
    [Pid ! stop || Pid <- All],
    [receive {'DOWN', Ref, _, _, _} -> ok end || Ref <- Refs].

timed(Work) ->
    {Before, _} = statistics(runtime),
    Result = Work(),
    {After, _} = statistics(runtime),
    {(After - Before) * 1000000, Result}.
