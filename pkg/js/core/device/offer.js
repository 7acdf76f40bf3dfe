/** The field that asks a browser to bind its session to the device. */
export const OFFER = 'Secure-Session-Registration';
