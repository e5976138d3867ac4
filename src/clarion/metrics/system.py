"""The system events: names that apps use as they are, with what they mean and what is worth telling. Pure.

A catalogue, and no rows: a workspace has a metric of one of these once it happened. The params are hints, and none of
them is required. The words are SmartAppPush's, as its page had them in 2026.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct


class SystemEvent(Struct, frozen=True):
    """A name of the catalogue. `params`: what its events may usefully say."""

    name: str
    group: str
    description: str
    params: tuple[str, ...]


_GROUPS = {
    "Onboarding": """
        onboarding_displayed | Onboarding screen shown | screen_index, variant
        onboarding_step_completed | User completed a step | step, step_name
        onboarding_completed | User finished onboarding | duration_seconds, steps_count
        onboarding_skipped | User skipped onboarding | skipped_at_step
    """,
    "App Lifecycle": """
        app_opened | App opened | source
        screen_viewed | User viewed a screen | screen_name, previous_screen
    """,
    "Authentication": """
        login_page_displayed | Login screen shown |
        logged_in | User authenticated | method
        sign_up_started | User initiated registration | method
        sign_up_completed | User finished registration | method
        logged_out | User signed out |
    """,
    "E-Commerce": """
        product_viewed | Viewed product detail | product_id, category, price
        product_list_viewed | User browsed a product listing/category | category, list_name, item_count
        add_to_cart | Item added to cart | product_id, quantity, price, currency
        remove_from_cart | Item removed from cart | product_id
        cart_viewed | User opened cart | item_count, cart_total
        begin_checkout | Started checkout | cart_total, item_count, currency
        checkout_abandoned | Left checkout incomplete | cart_total, step
        payment_failed | Payment unsuccessful | error_code, payment_method
        purchase_completed | Transaction completed | order_id, amount, currency, item_count
        coupon_applied | Discount code applied | coupon_code, discount_amount
        coupon_failed | Coupon code was invalid or expired | coupon_code, reason
        refund_requested | User initiated refund | order_id, amount, reason
        order_status_viewed | User checked order tracking | order_id, status
        wishlist_added | Item saved to wishlist | product_id, category
        wishlist_removed | Item removed from wishlist | product_id
    """,
    "Search & Discovery": """
        search_performed | User searched | query, results_count
        search_result_clicked | Tapped a search result | query, result_position, result_id
        search_no_results | Empty search results | query
        category_browsed | Browsed a category | category_name, item_count
        filter_applied | Applied filters | filter_type, filter_value
    """,
    "Subscription & Monetization": """
        paywall_displayed | Paywall shown | source, variant
        paywall_dismissed | User closed paywall without action | source, time_spent_seconds
        trial_started | Free trial began | plan, duration_days
        trial_ended | Trial expired | plan, converted
        subscription_started | Subscription purchased | plan, price, currency, period
        subscription_renewed | Subscription renewed | plan, price, period
        subscription_cancelled | Subscription cancelled | plan, reason
        subscription_expired | Subscription access ended | plan
        in_app_purchase_completed | One-time IAP completed | product_id, amount, currency
        billing_issue_detected | Payment method failed | plan, error_code
    """,
    "Push Notifications": """
        push_permission_granted | User allowed push |
        push_permission_denied | User denied push |
        push_received | Push delivered to device | campaign_id, message_id
        push_opened | User tapped push | campaign_id, message_id
        push_dismissed | User dismissed push | campaign_id
        notification_settings_changed | User modified notification preferences | channel, enabled
    """,
    "Content & Engagement": """
        content_viewed | User consumed content | content_id, content_type, duration_seconds
        content_completed | User finished content | content_id, completion_percent
        feature_used | Engaged with a feature | feature_name, screen_name
        feature_discovered | First time using feature | feature_name
        rating_submitted | User rated something | target_id, target_type, rating
        review_submitted | User wrote a review | target_id, target_type, rating
        feedback_submitted | In-app feedback sent | feedback_type, screen_name
    """,
    "User Profile & Preferences": """
        profile_completed | User filled all required profile fields |
        profile_updated | User changed profile information | fields_updated
        language_changed | User changed app language | from_language, to_language
        preferences_updated | User changed app preferences | preference_key, new_value
    """,
    "Social & Virality": """
        content_shared | Shared content externally | content_id, share_method
        invite_sent | Invited someone to app | invite_method
        referral_completed | Invited user signed up | referrer_user_id
    """,
    "Friction & Errors": """
        error_encountered | User hit an error | error_code, error_message, screen_name
        form_abandoned | Left form incomplete | form_name, abandoned_at_step
        deep_link_failed | Deep link failed | deep_link_url, error_reason
        permission_denied | Denied system permission | permission_type
    """,
}


def _read() -> Iterator[SystemEvent]:
    for group, lines in _GROUPS.items():
        for line in lines.strip().splitlines():
            name, description, params = (part.strip() for part in line.split("|"))
            yield SystemEvent(name, group, description, tuple(params.split(", ")) if params else ())


#: In the catalogue's order.
SYSTEM_EVENTS: Mapping[str, SystemEvent] = {one.name: one for one in _read()}
