"""Where the pages of this app live."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path

from dashboards import views
from dashboards.setup import closing, disputes, identities, names, people, rules, teams

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.overview, name="overview"),
    path("teams/", views.teams, name="teams"),
    path("teams/<slug:slug>/", views.team, name="team"),
    path("outcomes/<int:item_id>/", views.receipt, name="receipt"),
    path("spend/lines/", views.lines_page, name="lines"),
    path("spend/lines/export/", views.lines_export, name="lines-export"),
    path("spend/lines/<str:charge>/", views.line, name="line"),
    path("reconcile/", views.reconcile, name="reconcile"),
    path("panels/<slug:page>/<slug:slug>/", views.one_panel, name="panel"),
    path("panels/<slug:page>/<slug:slug>.csv", views.panel_rows, name="panel-rows"),
    path("setup/people/", identities.queue, name="people"),
    path("setup/people/name/", names.name_page, name="name"),
    path("setup/people/known/", people.known_page, name="known-people"),
    path("setup/people/<int:person_id>/", people.person_page, name="person"),
    path(
        "sign-in/",
        LoginView.as_view(template_name="pages/sign_in.html", redirect_authenticated_user=True),
        name="sign-in",
    ),
    path("setup/teams/", teams.tree, name="team-tree"),
    path("setup/teams/people.csv", teams.people_file, name="people-file"),
    path("setup/teams/<slug:slug>/", teams.team, name="team-setup"),
    path("setup/rules/", rules.rules, name="rules"),
    path("setup/rules/new/", rules.new_rule, name="new-rule"),
    path("setup/rules/<int:number>/", rules.rule, name="rule"),
    path("setup/rules/<int:number>/move/", rules.move, name="move-rule"),
    path("setup/rules/<int:number>/withdraw/", rules.withdraw, name="withdraw-rule"),
    path("reconcile/close/", closing.months, name="closing"),
    path("reconcile/close/<str:slug>/", closing.month, name="closing-month"),
    path("reconcile/close/<str:slug>/close/", closing.close, name="close-month"),
    path("reconcile/close/<str:slug>/reopen/", closing.reopen, name="reopen-month"),
    path("reconcile/close/<str:slug>/journal.csv", closing.journal_file, name="journal"),
    path("disputes/", disputes.disputes, name="disputes"),
    path("disputes/<int:number>/", disputes.dispute, name="dispute"),
    path("disputes/<int:number>/answer/", disputes.give_answer, name="answer-dispute"),
    path("disputes/line/<str:charge>/", disputes.raise_one, name="raise-dispute"),
    path("favicon.ico", views.icon, name="icon"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("api/v1/", include("dashboards.api.urls")),
]
