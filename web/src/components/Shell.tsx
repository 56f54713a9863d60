/** The frame around every page: where one is, where one can go, and the way out. */
import { ActionIcon, Burger, Drawer, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconBrain,
  IconChartDots,
  IconDeviceDesktop,
  IconFileImport,
  IconHome,
  IconInbox,
  IconLanguage,
  IconLock,
  IconMessageCircle,
  IconMoon,
  IconSchool,
  IconSettings,
  IconShieldLock,
  IconSun,
  IconTimeline,
  IconTools,
} from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet, useLocation, useMatches, useNavigation } from "react-router";
import { useLockVault, useReachable, useSession, useWaitingDrafts } from "../hooks/session";
import { LANGUAGES, type MessageId, useFormat, useLanguage, useT } from "../i18n";
import classes from "./Shell.module.css";
import { Waiting } from "./states";

type Place = { to: string; label: MessageId; icon: typeof IconHome };

const PLACES: { group?: MessageId; places: Place[] }[] = [
  {
    places: [
      { to: "/", label: "nav.home", icon: IconHome },
      { to: "/chat", label: "nav.chat", icon: IconMessageCircle },
      { to: "/review", label: "nav.review", icon: IconInbox },
    ],
  },
  {
    group: "nav.learn",
    places: [
      { to: "/sources", label: "nav.sources", icon: IconFileImport },
      { to: "/you", label: "nav.you", icon: IconChartDots },
      { to: "/train", label: "nav.train", icon: IconSchool },
      { to: "/models", label: "nav.models", icon: IconBrain },
      { to: "/days", label: "nav.days", icon: IconTimeline },
    ],
  },
  {
    group: "nav.keep",
    places: [
      { to: "/privacy", label: "nav.privacy", icon: IconShieldLock },
      { to: "/admin", label: "nav.admin", icon: IconTools },
      { to: "/settings", label: "nav.settings", icon: IconSettings },
    ],
  },
];

function Links({ chosen }: { chosen?: () => void }) {
  const t = useT();
  const format = useFormat();
  const waiting = useWaitingDrafts();
  return (
    <nav aria-label={t("nav.label")}>
      {PLACES.map(({ group, places }) => (
        <div key={group ?? "first"}>
          {group && <p className={classes.group}>{t(group)}</p>}
          <ul className={classes.links}>
            {places.map(({ to, label, icon: Icon }) => (
              <li key={to}>
                <NavLink to={to} end={to === "/"} className={classes.link} onClick={chosen}>
                  <Icon size={19} stroke={1.7} aria-hidden />
                  {t(label)}
                  {to === "/review" && waiting > 0 && (
                    <span className={classes.count}>
                      <span aria-hidden>{format.number(waiting)}</span>
                      <span className="sr">{t("nav.waiting", { n: waiting })}</span>
                    </span>
                  )}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

export function Looks() {
  const t = useT();
  const { language, choose } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = [
    { value: "light", label: t("look.light"), icon: IconSun },
    { value: "dark", label: t("look.dark"), icon: IconMoon },
    { value: "auto", label: t("look.auto"), icon: IconDeviceDesktop },
  ] as const;
  const Now = schemes.find((one) => one.value === colorScheme)?.icon ?? IconSun;
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" c="inherit" aria-label={t("look.colours")}>
            <Now size={19} stroke={1.7} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {schemes.map(({ value, label, icon: Icon }) => (
            <Menu.Item key={value} leftSection={<Icon size={16} />} onClick={() => setColorScheme(value)}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" c="inherit" aria-label={t("look.language")}>
            <IconLanguage size={19} stroke={1.7} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[]).map((one) => (
            <Menu.Item
              key={one}
              lang={one}
              onClick={() => choose(one)}
              fw={one === language ? 600 : undefined}
            >
              {LANGUAGES[one].name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Lock() {
  const t = useT();
  const lock = useLockVault();
  return (
    <Tooltip label={t("nav.lock.about")}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        c="inherit"
        aria-label={t("nav.lock")}
        loading={lock.isPending}
        onClick={() => lock.mutate()}
      >
        <IconLock size={19} stroke={1.7} />
      </ActionIcon>
    </Tooltip>
  );
}

function Brand() {
  return (
    <Link to="/" className={classes.brand}>
      <img src="/icon.svg" alt="" />
      ipse
    </Link>
  );
}

/** Each page says its name to the title, and takes the focus, so that a screen reader begins there. */
function useArrival() {
  const t = useT();
  const { pathname } = useLocation();
  const matches = useMatches();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const title = (matches.at(-1)?.handle as { title?: MessageId } | undefined)?.title;
  useEffect(() => {
    document.title = title ? `${t(title)} · ipse` : "ipse";
  }, [title, t]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: arriving means the path changed
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus();
    window.scrollTo(0, 0);
  }, [pathname]);
  return main;
}

export function Shell() {
  const t = useT();
  const [open, { toggle, close }] = useDisclosure();
  const main = useArrival();
  const reachable = useReachable();
  const session = useSession();
  const navigation = useNavigation();
  if (!session) return null;
  return (
    <>
      <a className={classes.skip} href="#main">
        {t("nav.skip")}
      </a>
      {!reachable && (
        <div className={classes.away} role="status">
          {t("nav.away")}
        </div>
      )}
      <div className={classes.shell}>
        <aside className={classes.side} aria-label="ipse">
          <Brand />
          <Links />
          <div className={classes.foot}>
            <Looks />
            <Lock />
          </div>
        </aside>
        <header className={classes.top}>
          <Burger opened={open} onClick={toggle} size="sm" aria-label={t("nav.open")} />
          <Brand />
          <Looks />
          <Lock />
        </header>
        <Drawer
          opened={open}
          onClose={close}
          title="ipse"
          size="17rem"
          closeButtonProps={{ "aria-label": t("nav.close") }}
        >
          <div className={`${classes.side} ${classes.drawer}`}>
            <Links chosen={close} />
          </div>
        </Drawer>
        <main
          id="main"
          className={classes.main}
          ref={main}
          tabIndex={-1}
          aria-busy={navigation.state === "loading"}
        >
          {navigation.state === "loading" ? <Waiting /> : <Outlet />}
        </main>
      </div>
    </>
  );
}
