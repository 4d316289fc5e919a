-- Lets mail go to an address again, in any case and whatever domain it is written with; what ended
-- meanwhile stays as it is. Whether there was something to lift.
create function lifecycle.lift_suppression(lifted text) returns boolean
language sql
as $$
    with gone as (
        delete from lifecycle.suppressed_addresses
        where address = lower(btrim(lifted))
        returning address
    )
    select exists (select from gone)
$$;

revoke all on function lifecycle.lift_suppression(text) from public;
