//! The examples are tests of small programs; here they are run.

#[path = "../../examples/courier.rs"]
mod courier;
#[path = "../../examples/gate.rs"]
mod gate;

#[test]
fn the_gate_of_the_examples_passes_its_tests() {
    gate::main();
}

#[test]
fn the_courier_of_the_examples_passes_its_tests() {
    courier::main();
}
