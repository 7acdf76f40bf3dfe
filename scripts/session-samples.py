#!/usr/bin/env python3
"""Made-up sessions of common web applications: what the built-in dictionary was learned from.

    scripts/session-samples.py > samples.jsonl

Key names and fixed texts are those of Django, allauth, Wagtail, social-auth, Flask-Login and
others; values are random, the same at every run. One JSON object a line.
"""
import json
import random

DIGITS = "0123456789"
HEX = DIGITS + "abcdef"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + DIGITS
WORDS = (
    "amber anchor basin birch canvas cedar clover copper coral delta dune ember fern flint garnet "
    "harbor hazel indigo ivory jasper juniper kelp lagoon lilac linen maple marble meadow mint moss "
    "nectar oak olive onyx opal orchid pearl pine plum quartz reed river rose saffron sage sand slate "
    "spruce stone teal thyme topaz tulip umber velvet violet walnut willow wren yarrow zinc"
).split()
random_ = random.Random(20240229)
pick, integer, chance = random_.choice, random_.randint, lambda share: random_.random() < share


def text(alphabet, length):
    return "".join(pick(alphabet) for _ in range(length))


def uuid():
    return "-".join(text(HEX, length) for length in (8, 4, 4, 4, 12))


def words(least, most):
    return " ".join(pick(WORDS) for _ in range(integer(least, most)))


def moment():
    day = f"20{integer(24, 29)}-{integer(1, 12):02}-{integer(1, 28):02}"
    clock = f"{integer(0, 23):02}:{integer(0, 59):02}:{integer(0, 59):02}"
    ends = (f".{integer(0, 999999):06}+00:00", "+00:00", f".{integer(0, 999):03}Z", "Z")
    return f"{day}T{clock}{pick(ends)}"


def price():
    return f"{integer(1, 250)}.{pick(('00', '50', '90', '95', '99'))}"


def email():
    return f"{pick(WORDS)}.{pick(WORDS)}@{pick(('example.com', 'gmail.com', 'example.org'))}"


def path():
    return pick(("/", "/accounts/profile/", "/dashboard/", "/admin/", "/checkout/", "/account/orders/", f"/products/{pick(WORDS)}/", f"/?page={integer(2, 9)}"))


def log_in(session):
    session["_auth_user_id"] = str(integer(1, 10 ** integer(1, 6))) if chance(0.85) else uuid()
    backend = "django.contrib.auth.backends.ModelBackend"
    if chance(0.15):
        backend = "allauth.account.auth_backends.AuthenticationBackend"
    session["_auth_user_backend"] = backend
    session["_auth_user_hash"] = text(HEX, 64)


def allauth(session):
    methods = [{"method": "password", "at": integer(17e8, 19e8) + integer(0, 999999) / 1e6, pick(("email", "username")): email()}]
    if chance(0.3):
        methods.append({"method": "mfa", "at": integer(17e8, 19e8) + 0.5, "type": pick(("totp", "webauthn", "recovery_codes"))})
    if chance(0.3):
        methods = [{"method": "socialaccount", "at": integer(17e8, 19e8) + 0.25, "provider": pick(("google", "github")), "uid": text(DIGITS, 21)}]
    session["account_authentication_methods"] = methods
    if chance(0.2):
        session["account_verified_email"] = email()
    if chance(0.2):
        state = {"process": "login", "data": None, "next": path(), "scope": "openid email profile", "auth_params": ""}
        session["socialaccount_states"] = {text(LETTERS, 16): [state, integer(17e8, 19e8) + 0.75]}


def messages(session):
    things = pick(WORDS)
    texts = (
        (25, f"{words(1, 2).capitalize()} was added to your cart."),
        (25, "Your profile was updated successfully."),
        (25, "Your changes have been saved."),
        (25, f"Successfully signed in as {things}."),
        (20, f"Confirmation email sent to {email()}."),
        (25, f"The {things} \u201c{words(1, 2)}\u201d was changed successfully."),
        (25, f"The {things} \u201c{words(1, 2)}\u201d was added successfully. You may edit it again below."),
        (30, "Your session has expired. Please log in again."),
        (40, "Please correct the errors below."),
        (20, "You have signed out."),
        (25, "Password successfully changed."),
        (25, f"Your order #{integer(1000, 99999)} has been placed. Thank you!"),
        (30, f"Only {integer(1, 5)} left in stock."),
    )
    stored = [["__json_message", 0, *pick(texts)] + ([pick(("", "safe"))] if chance(0.3) else []) for _ in range(integer(1, 2))]
    session["_messages"] = json.dumps(stored)  # text within the JSON, with spaces: as Django does it


def cart(session):
    shape = integer(0, 3)
    if shape == 0:
        session["cart"] = {str(integer(1, 9999)): {"quantity": integer(1, 5), "price": price()} for _ in range(integer(1, 6))}
    elif shape == 1:
        items = [{"product_id": integer(1, 99999), "name": words(1, 3).capitalize(), "quantity": integer(1, 5), "price": price()} for _ in range(integer(1, 6))]
        session["cart"] = {"items": items, "currency": pick(("EUR", "USD", "GBP")), "total": price()}
    elif shape == 2:
        items = [{"sku": f"{text(LETTERS[:26], 3)}-{integer(100, 9999)}", "name": words(1, 3).capitalize(), "qty": integer(1, 5), "price": price()} for _ in range(integer(1, 6))]
        session["cart"] = {"currency": pick(("EUR", "USD", "GBP")), "items": items, "coupon": None}
    else:
        items = [{"id": uuid(), "title": words(1, 3).capitalize(), "quantity": integer(1, 5), "unit_price": price(), "variant": {"size": pick("SML"), "color": pick(WORDS)}} for _ in range(integer(1, 4))]
        session["cart"] = {"id": uuid(), "items": items, "created_at": moment(), "updated_at": moment()}
    if chance(0.3):
        session["checkout"] = {"step": pick(("shipping", "payment")), "email": email(), "shipping_address": {"first_name": pick(WORDS), "last_name": pick(WORDS), "line1": f"{integer(1, 99)} {pick(WORDS)} street", "postal_code": text(DIGITS, 5), "city": pick(WORDS), "country": pick(("DE", "FR", "US", "GB")), "phone": ""}, "shipping_method": "standard"}


def preferences(session):
    if chance(0.5):
        session["_language"] = pick(("en", "de", "fr", "es", "en-us", "en-gb", "pt-br", "it", "nl"))
    if chance(0.3):
        session["django_timezone"] = pick(("Europe/Berlin", "Europe/London", "America/New_York", "UTC", "Asia/Tokyo"))
    if chance(0.4):
        session["_session_expiry"] = pick((0, 300, 3600, 86400, 604800, 1209600, 2592000))
    if chance(0.2):
        session["theme"] = pick(("dark", "light"))
    if chance(0.2):
        session["last_seen"] = moment()
    if chance(0.2):
        session["recently_viewed"] = [integer(1, 99999) for _ in range(integer(3, 12))]
    if chance(0.15):
        session["next"] = path()
    if chance(0.1):
        session["filters"] = {"status": "active", "sort": "-created_at", "page": integer(1, 9), "per_page": 25, "q": words(0, 2)}


def django():
    session = {}
    if chance(0.8):
        log_in(session)
        if chance(0.35):
            allauth(session)
    if chance(0.4):
        session["_csrftoken"] = text(LETTERS, 32)
    for part, share in ((cart, 0.4), (preferences, 0.6), (messages, 0.4)):
        if chance(share):
            part(session)
    if chance(0.04):
        session["testcookie"] = "worked"
    if chance(0.05):
        session["_password_reset_token"] = f"{text(HEX[:16], 6)}-{text(HEX, 32)}"
    if chance(0.05):
        session["otp_device_id"] = f"otp_totp.totpdevice/{integer(1, 999)}"
    if chance(0.05):
        session["hijack_history"] = [str(integer(1, 999))]
    if chance(0.05):
        session["wagtail-preferred-site"] = integer(1, 9)
    if chance(0.06):
        session["wizard_sign_up_view"] = {"step": "address", "step_data": {"account": {"csrfmiddlewaretoken": [text(LETTERS, 64)], "account-email": [email()]}}, "step_files": {"account": {}}, "extra_data": {}}
    if chance(0.06):
        session.update({"_social_auth_backend": "google-oauth2", "google-oauth2_state": text(LETTERS, 32), "social_auth_last_login_backend": "google-oauth2"})
    if chance(0.06):
        session["oidc_states"] = {text(LETTERS, 32): {"code_verifier": text(LETTERS, 64), "nonce": text(LETTERS, 32), "added_on": integer(17e8, 19e8) + 0.5}}
    return session


def flask():
    session = {}
    if chance(0.7):
        session.update({"_fresh": chance(0.7), "_id": text(HEX, 128), "_user_id": str(integer(1, 99999))})
    if chance(0.5):
        session["csrf_token"] = text(HEX, 40)
    if chance(0.4):
        texts = ("Please log in to access this page.", "Logged in successfully.", "Invalid username or password.", "Your post has been published!", "Your changes have been saved.")
        session["_flashes"] = [{" t": [pick(("message", "success", "error", "info", "danger")), pick(texts)]}]
    if chance(0.2):
        session["_permanent"] = True
    if chance(0.2):
        session["oauth_token"] = {"access_token": text(LETTERS, 40), "token_type": "Bearer", "expires_in": 3600, "refresh_token": text(LETTERS, 40), "scope": "openid email profile", "expires_at": integer(17e8, 19e8)}
    if chance(0.3):
        session.update({"user_id": integer(1, 99999), "username": pick(WORDS), "email": email(), "roles": [pick(("admin", "user", "editor", "staff"))], "is_authenticated": True})
    if chance(0.2):
        session["user"] = {"id": uuid(), "name": words(2, 2).title(), "email": email(), "role": pick(("admin", "user")), "created_at": moment(), "email_verified": True, "avatar_url": None}
    for part, share in ((cart, 0.2), (preferences, 0.3)):
        if chance(share):
            part(session)
    return session


def main():
    for index in range(1200):
        session = flask() if index % 5 == 4 else django()
        if session:
            print(json.dumps(session, separators=(",", ":")))


if __name__ == "__main__":
    main()
