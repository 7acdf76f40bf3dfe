use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

/// The shortest digits of the float that a checked text without a sign spells: `d.ddde-xx`, or no `e` if it
/// is too big for 64 bits.
///
/// ECMA-262, `Number.prototype.toExponential` without an argument: as many digits as are needed to tell the
/// float from all others, and of the nearest such digits those whose last is even, as Python has it.
pub(in crate::text::json) fn shortest(magnitude: &str) -> String {
    to_exponential(number(magnitude))
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Number)]
    fn number(text: &str) -> f64;

    #[wasm_bindgen(js_namespace = ["Number", "prototype", "toExponential"], js_name = call)]
    fn to_exponential(value: f64) -> String;
}
